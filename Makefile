# make setup   everything into .venv
# make train   set up, then train on drawn portraits: out.ipynb and results/quick-sample-u2netp
# make test    set up, then lint, run every notebook's tests and check that module and README are in step with the notebooks
# make readme  README.md from nbs/index.ipynb

bin := .venv/bin
ready := .venv/ready

# For Linux on x86 there is a PyTorch with CUDA, several GB, and one without, which comes from PyTorch's own index.
gpu := $(shell command -v nvidia-smi 2>/dev/null)
index := $(if $(gpu),,--extra-index-url https://download.pytorch.org/whl/cpu)
check := $(if $(gpu),true,grep -q "cuda.*= None" .venv/lib/python3*/site-packages/torch/version.py)

setup: $(ready)

train: $(ready)
	$(bin)/papermill nbs/train.ipynb out.ipynb --log-output --no-progress-bar

test: $(ready)
	$(bin)/ruff check -q u2net_nb nbs
	$(bin)/python nbs/tests/run.py
	rm -rf .venv/was && cp -r u2net_nb .venv/was && $(bin)/nbdev_export
	diff -r -x __pycache__ .venv/was u2net_nb
	$(to_markdown) --output-dir .venv/was && $(squeeze) .venv/was/README.md && diff README.md .venv/was/README.md

readme: $(ready)
	$(to_markdown) --output-dir . && $(squeeze) README.md

squeeze = perl -0pi -e 's/\n( *\n)+/\n\n/g'
to_markdown = $(bin)/jupyter nbconvert --log-level=ERROR --to markdown --output README --NbConvertApp.output_files_dir=nbs/images \
	--TagRemovePreprocessor.enabled=True --TagRemovePreprocessor.remove_input_tags=hide_input nbs/index.ipynb

$(ready): settings.ini setup.py constraints.txt
	python3 -c "import sys, ensurepip; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
	python3 -m venv .venv
	$(bin)/pip install -q --no-deps --retries 1 $(index) -c constraints.txt torch
	$(check) || { echo "This machine has no GPU but got PyTorch with CUDA: its index for CPU builds did not answer."; exit 1; }
	$(bin)/pip install -q -c constraints.txt -e '.[all,dev]'
	$(bin)/python -c "import pymatting"  # compiles itself, once, for about a minute
	touch $@

.PHONY: setup train test readme
