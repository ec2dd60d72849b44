#!/usr/bin/env bash
# What the choices of the recipe are worth, after stage 1 of train.sh: results/u2netp-portrait/choices.sh
# One short run per choice, each from the weights of stage 1. All see equally many pixels, and their averages reach
# back over equally many photos. Then sizes of the input are compared. This takes two hours on two cores; killed and
# started again, it goes on. nbs/bundle.ipynb makes the card's tables from it.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive place=results/u2netp-portrait

choice() {  # name, settings that differ from the base
  local run_dir=$place/choices/$1
  shift
  if [ -f "$run_dir/summary.csv" ]; then return; fi
  u2net_train experiment=bundled resume=true run_dir="$run_dir" model.weights=$place/stages/1/model.safetensors \
    "data.size=[160,160]" data.samples=600 data.workers=0 trainer.epochs=1 trainer.batch_size=12 trainer.cosine=true \
    trainer.ema=0.95 optimizer.lr=1e-3 "$@"
}
export -f choice

xargs -P 2 -I LINE bash -c 'choice LINE' << 'END'
base
seed-1 trainer.seed=1
seed-2 trainer.seed=2
loss-portrait loss.kind=portrait
muon-3e-4 optimizer.lr=3e-4
muon-3e-3 optimizer.lr=3e-3
adamw-1e-3 optimizer._target_=torch.optim.AdamW
batch-24 trainer.batch_size=24 trainer.ema=0.9
mild-augmentation data.augment.scale=[0.9,1.3] data.augment.stretch=1.2 data.augment.jitter=0.25
without-empty data.sources.14.weight=1e-6 data.sources.15.weight=1e-6 data.sources.16.weight=1e-6
without-cutouts data.sources.4.weight=1e-6 data.sources.5.weight=1e-6 data.sources.6.weight=1e-6 data.sources.7.weight=1e-6 data.sources.8.weight=1e-6 data.sources.9.weight=1e-6
side-256 data.size=[256,256] data.samples=234 trainer.ema=0.88
tall data.size=[136,192] data.samples=588
END

at_size() {  # name, checkpoint, input size, and any other flags
  local out=$place/sizes/$1 weights=$2 size=$3
  shift 3
  if [ -f "$out/summary.csv" ]; then return; fi
  u2net_evaluate $place/whole.yaml --weights "$weights" --size "$size" --split val --proportions 90,6,4 \
    --protocol full -o "$out" "$@"
}
export -f at_size

xargs -P 2 -I LINE bash -c 'at_size LINE' << 'END'
base-160 $place/choices/base/model.safetensors 160
tall-136x192 $place/choices/tall/model.safetensors 136x192
side-256 $place/choices/side-256/model.safetensors 256
bundled-192 bundled 192
bundled-224 bundled 224
bundled-256 bundled 256
bundled-256-flip bundled 256 --flip
bundled-320 bundled 320
END
