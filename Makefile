# Needs Python >= 3.11 and make; without make: python3 bootstrap.py play
PYTHON ?= python3
PIECE ?= trio
ARGS ?=
PAGE ?= 1
SETTINGS = $(if $(BARS),--bars $(BARS)) $(if $(BPM),--bpm $(BPM)) $(if $(SEED),--seed $(SEED))

.PHONY: play render test lint clean

play: ## Play a piece live, with its page: make play [PIECE=trio] [BARS=16] [BPM=96] [PAGE=0] [ARGS=...]
	@$(PYTHON) bootstrap.py play -- "$(PIECE)" $(SETTINGS) $(if $(filter-out 0,$(PAGE)),--page) $(ARGS)

render: ## Render a piece into a MIDI file: make render [PIECE=trio] [BARS=64] [ARGS="--wav trio.wav"]
	@$(PYTHON) bootstrap.py render -- "$(PIECE)" $(SETTINGS) $(ARGS)

test: ## Check style, types and imports, then run the tests: make test [ARGS="-k tempo"]
	@$(PYTHON) bootstrap.py test -- $(ARGS)

lint: ## The checks of `test` without the tests
	@$(PYTHON) bootstrap.py lint

clean: ## Remove the environment and all caches
	@$(PYTHON) bootstrap.py clean
