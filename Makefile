# make train   set up, then train on drawn portraits: out.ipynb and results/quick-sample-u2netp
# make test    set up, then run every notebook's tests and check that module and README are in step with the notebooks
# make readme  README.md from nbs/index.ipynb

bin := .venv/bin

# For Linux on x86 there is a PyTorch with CUDA, several GB, and one without, which comes from PyTorch's own index.
cpu_index := $(if $(shell command -v nvidia-smi),,--extra-index-url https://download.pytorch.org/whl/cpu)

train: .venv
	$(bin)/papermill nbs/train.ipynb out.ipynb --log-output --no-progress-bar

test: .venv
	$(bin)/nbdev_test --n_workers 2 --timing
	rm -rf .venv/was && cp -r u2net_nb .venv/was && $(bin)/nbdev_export
	diff -r -x __pycache__ .venv/was u2net_nb
	$(to_markdown) --output-dir .venv/was && diff README.md .venv/was/README.md

to_markdown = $(bin)/jupyter nbconvert --log-level=ERROR --to markdown --output README --NbConvertApp.output_files_dir=nbs/images \
	--TagRemovePreprocessor.enabled=True --TagRemovePreprocessor.remove_input_tags=hide_input nbs/index.ipynb

readme: .venv
	$(to_markdown) --output-dir .

.venv: settings.ini setup.py constraints.txt
	python3 -m venv .venv
	$(bin)/pip install -q --no-deps --retries 1 $(cpu_index) -c constraints.txt torch
	$(bin)/pip install -q -c constraints.txt -e '.[notebooks,dev]'
	touch .venv

.PHONY: train test readme
