#!/usr/bin/env bash
# Trains the next network of the package, from the original's weights: results/u2netp-portrait/train.sh
# Needed: the folders that u2net_nb/recipes/bundled.yaml names, data/pennfudan, data/eg1800_test, pytorch-optimizer, and
# data/u2netp.pth, the 4.7 MB file to which github.com/xuebinqin/U-2-Net links. Killed and started again, it goes on.
set -euo pipefail
cd "$(dirname "$0")/../.."
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
here=results/u2netp-portrait start=data/u2netp-start.safetensors net=results/u2netp-portrait/model.safetensors

if [ ! -f $start ]; then
  echo "e4f636406ca4e2af789941e7f139ee2e  data/u2netp.pth" | md5sum --check --quiet
  u2net_average data/u2netp.pth --rescale -o $start
fi
[ -d data/drawn ] || python3 -c 'from u2net_nb.sample import write_sample; write_sample("data/drawn", 400, seed=2)'
mkdir -p data/street && cp -r data/pennfudan/{images,masks} data/street  # 30 photos test, all others but one validate
ls data/street/images | awk 'BEGIN {print "index,split"} {sub(/\..*/, "")
  print $0 "," (NR <= 30 ? "test" : NR == 31 ? "train" : "val")}' > data/street/manifest.csv

stage() {  # number, weights to start from, settings that differ from the recipe
  [ -f $here/stages/$1/summary.csv ] ||
    u2net_train experiment=bundled resume=true run_dir=$here/stages/$1 model.weights="$2" "${@:3}"
}
stage 1 $start
stage 2 $here/stages/1/model.safetensors "data.size=[256,256]" loss.kind=portrait optimizer.lr=2e-4 trainer.epochs=2
u2net_average $start $here/stages/2/model.safetensors --weights .3 .7 -o $net  # the share that is best at data/street

scored() { papermill nbs/baselines.ipynb out.ipynb -p sources $1 -p weights $net -p mediapipe True "${@:2}"; }
scored $here/baselines.yaml -p proportions "[90, 6, 4]" -p out $here
scored data/eg1800_test -p split all -p out $here/eg1800_test  # trained nothing and chose nothing
papermill nbs/bundle.ipynb out.ipynb -p weights $net -p write True
