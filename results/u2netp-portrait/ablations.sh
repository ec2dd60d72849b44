#!/usr/bin/env bash
# One change of the recipe at a time, in short runs from stage 1's weights, all with equally many pixels; then networks at
# several input sizes. Two hours on two cores; started again, it goes on. nbs/bundle.ipynb makes ablations.csv and
# sizes.csv from the results. Those in Git are of commit 8aae19a, on two cores of an AMD EPYC.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive here=results/u2netp-portrait
xargs -P 2 -L 1 bash -c '[ -f $here/ablations/$0/summary.csv ] || u2net_train experiment=bundled resume=true \
  run_dir=$here/ablations/$0 model.weights=$here/stages/1/model.safetensors data.size=[160,160] data.samples=600 \
  data.workers=0 loss.kind=bce optimizer.lr=1e-3 trainer.epochs=1 trainer.batch_size=12 trainer.cosine=true trainer.ema=0.95 "$@"' << 'END'
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
at_size() { u2net_evaluate $here/whole.yaml --split val --proportions 90,6,4 --protocol full -o "$here/sizes/$1" --size "${@:2}"; }
for size in 192 224 256 320; do at_size bundled-$size $size; done
at_size bundled-256-flip 256 --flip
at_size base-160 160 --weights $here/ablations/base/model.safetensors
at_size side-256 256 --weights $here/ablations/side-256/model.safetensors
at_size tall-136x192 136x192 --weights $here/ablations/tall/model.safetensors
