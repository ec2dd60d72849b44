#!/usr/bin/env bash
# Trains the network that is to replace the bundled one, from nothing and in stages: results/u2netp-portrait/train.sh
# The stages at the end are those that have been run so far; a stage whose results are there is not run again.
# It may be killed at any time. Started again, it goes on from the last checkpoint.
#
# Needed: the folders below data/ that u2net_nb/recipes/bundled.yaml names, and Muon (pip install pytorch-optimizer).
set -euo pipefail
cd "$(dirname "$0")/../.."
stages=results/u2netp-portrait/stages

# One process per GPU; without a GPU two, of one thread each. Together they take twelve photos per step.
processes=2
if command -v nvidia-smi > /dev/null; then processes=$(nvidia-smi -L | wc -l); fi
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
train="torchrun --nproc_per_node $processes --no-python u2net_train experiment=bundled resume=true
       trainer.batch_size=$((12 / processes)) trainer.precision=auto"

[ -d data/drawn ] || python -c 'from u2net_nb.sample import write_sample; write_sample("data/drawn", 400, seed=2)'

stage() {  # number, side of the input, epochs of 2,400 samples, learning rate, and any other settings
  local number=$1 side=$2 epochs=$3 rate=$4
  shift 4
  if [ -f $stages/$number/summary.csv ]; then return; fi
  if [ $number -gt 1 ]; then set -- model.weights=$stages/$((number - 1))/model.safetensors "$@"; fi
  $train run_dir=$stages/$number "data.size=[$side,$side]" trainer.epochs=$epochs optimizer.lr=$rate "$@"
}

#     side epochs rate
stage 1 96 20 2e-3 trainer.max_steps=1295
