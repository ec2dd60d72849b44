#!/usr/bin/env bash
# One change of the recipe at a time, in short runs from the original's weights, all with equally many pixels. Started
# again, it goes on. data/scenes trains nothing here, like data/street: the last columns show what the network forgets.
# ablations.csv and sizes.csv in Git are of the recipe before, by the scripts of commit 63b89f6.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive here=results/u2netp-portrait start=data/u2netp-start.safetensors
xargs -P 2 -L 1 bash -c '[ -f $here/ablations/$0/summary.csv ] || u2net_train experiment=bundled resume=true \
  run_dir=$here/ablations/$0 model.weights=$start data.samples=800 data.workers=0 data.sources.4.weight=1e-9 \
  trainer.epochs=1 trainer.batch_size=8 trainer.warmup=5 trainer.ema=0.95 "$@" &&
  u2net_average $start $here/ablations/$0/model.safetensors -o $here/ablations/$0/halfway.safetensors' << 'END'
base
loss-portrait loss.kind=portrait
muon-1e-4 optimizer.lr=1e-4
muon-1e-3 optimizer.lr=1e-3
adamw-3e-4 optimizer._target_=torch.optim.AdamW
norms-trained trainer.freeze_norm=false
side-256 data.size=[256,256] data.samples=450 trainer.ema=0.92
scale-half data.augment.scale=[0.5,1.4]
one-person data.sources.11.people=1 data.sources.12.people=1 data.sources.13.people=1
END
