#!/usr/bin/env bash
# Trains the network that comes with the package, from nothing and in stages: results/u2netp-portrait/train.sh
# It may be killed at any time: started again, it goes on from the last checkpoint, and a finished stage is not run
# again. At the end it scores the network beside MediaPipe, writes the package's files and renews the tables of the card.
#
# Needed: the folders below data/ that u2net_nb/recipes/bundled.yaml names, data/eg1800_test, and Muon
# (pip install pytorch-optimizer).
set -euo pipefail
cd "$(dirname "$0")/../.."
stages=results/u2netp-portrait/stages

# One process per GPU, and 64 photos per step. Without a GPU two processes of one thread each, 12 photos per step, and
# a fourteenth of the samples.
if command -v nvidia-smi > /dev/null; then
  processes=$(nvidia-smi -L | wc -l) batch=64 samples=32768 workers=$(($(nproc) / processes - 1)) channels_last=true
else
  processes=2 batch=12 samples=2400 workers=1 channels_last=false
  export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
fi
train=u2net_train
if [ "$processes" -gt 1 ]; then train="torchrun --nproc_per_node $processes --no-python u2net_train"; fi

[ -d data/drawn ] || python3 -c 'from u2net_nb.sample import write_sample; write_sample("data/drawn", 400, seed=2)'

stage() {  # number, side of the input, epochs, learning rate, and any other settings
  local number=$1 side=$2 epochs=$3 rate=$4
  shift 4
  if [ -f "$stages/$number/summary.csv" ]; then return; fi
  if [ "$number" -gt 1 ]; then set -- "model.weights=$stages/$((number - 1))/model.safetensors" "$@"; fi
  $train experiment=bundled resume=true run_dir="$stages/$number" "data.size=[$side,$side]" data.samples=$samples \
    data.workers=$workers trainer.epochs="$epochs" optimizer.lr="$rate" trainer.batch_size=$((batch / processes)) \
    trainer.channels_last=$channels_last "$@"
}

mild="data.augment.scale=[0.9,1.3] data.augment.stretch=1.2 data.augment.jitter=0.25"

#     side epochs rate
stage 1 160 3 4e-3 trainer.batch_size=$((batch * 3 / 2 / processes))  # one H200, 1.8 minutes
stage 2 256 5 2e-3 trainer.cosine=true trainer.max_steps=1536       # one H200, 3.1 minutes, then its time was up
stage 3 256 2 3e-4 trainer.cosine=true trainer.ema=0.99 loss.kind=portrait data.samples=1600 $mild  # two CPU cores
stage 4 192 2 1e-3 trainer.ema=0.995 loss.kind=portrait data.samples=4000 trainer.max_steps=333  # two CPU cores
stage 5 256 2 8e-4 trainer.max_steps=278 trainer.cosine=true trainer.ema=0.99 loss.kind=portrait data.samples=2100  # two CPU cores

# Two stages of one input size, averaged: one is better at portraits, the other at cut-outs and street photos.
net=results/u2netp-portrait/model.safetensors
u2net_average $stages/3/model.safetensors $stages/5/last.ckpt -o $net

# baselines.yaml names the folders once each; scores.csv, the scores of each photo, is what the card's table is made of.
papermill nbs/baselines.ipynb out.ipynb -p sources results/u2netp-portrait/baselines.yaml -p weights $net \
  -p proportions "[90, 6, 4]" -p mediapipe True -p out results/u2netp-portrait
# The test list of EG1800, for which there are published figures. It trained nothing and chose nothing.
papermill nbs/baselines.ipynb out.ipynb -p sources data/eg1800_test -p weights $net -p split all \
  -p mediapipe True -p out results/u2netp-portrait/eg1800_test
papermill nbs/bundle.ipynb out.ipynb -p weights $net -p write True
