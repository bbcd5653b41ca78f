# The commands of a source checkout; `make help` lists them.
DISTRO := jazzy
PYTHON :=
ENV := .venv$(if $(filter-out jazzy,$(DISTRO)),-$(DISTRO))
STAMPS := $(ENV)/stamps
RUN := tools/clean_env
REQUIREMENTS := $(DISTRO) core robots sim plot kinematics serve metaworld test
PYTEST := $(RUN) $(ENV)/bin/python -m pytest

.DELETE_ON_ERROR:
.PHONY: help setup demo test test-fast test-kilted lint env-lerobot env-pi0 env-rtamt clean FORCE

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile
	@echo "PYTHON=<python3.x> chooses the Python of the environment, DISTRO=kilted the other ROS 2."

setup: $(STAMPS)/launch $(STAMPS)/rendering ## Make the environment in .venv: ROS 2, the messages, the command aura

demo: setup ## Run the closed loop with the embedded robot
	$(ENV)/bin/aura demo

test: setup ## Run all tests, the fast ones first
	$(PYTEST) -m "not slow"
	$(PYTEST) -m slow

test-fast: setup ## Run the tests that take seconds
	$(PYTEST) -m "not slow"

test-kilted: ## Run all tests on ROS 2 Kilted, in .venv-kilted
	$(MAKE) test DISTRO=kilted

lint: $(STAMPS)/packages ## Check style and types
	$(RUN) $(ENV)/bin/ruff check .
	$(RUN) $(ENV)/bin/mypy

env-lerobot env-pi0 env-rtamt: env-%: .venv-%/stamps/ready

env-lerobot: ## Make the environment that serves ACT, Diffusion and SmolVLA of LeRobot
env-pi0: ## Make the environment that serves pi0 of transformers
env-rtamt: ## Make the environment of rtamt, which a test compares temporal rules with

clean: ## Remove everything that was made
	rm -rf .venv .venv-kilted .venv-lerobot .venv-pi0 .venv-rtamt build dist install log *.egg-info
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Looked at each time, but touched only when the environment had to be made.
$(STAMPS)/python: FORCE
	@$(RUN) tools/make_environment $(ENV) $@ "$(PYTHON)"

$(STAMPS)/packages: $(STAMPS)/python $(wildcard requirements/*.txt)
	@$(RUN) tools/step "ROS 2 $(DISTRO) and the Python packages" $@.log \
	    $(ENV)/bin/python -m pip install --progress-bar off $(REQUIREMENTS:%=-r requirements/%.txt)
	@$(RUN) $(ENV)/bin/python -m pip check
	@touch $@

$(STAMPS)/messages: $(STAMPS)/packages CMakeLists.txt package.xml tools/build_messages \
        $(wildcard cmake/* msg/*.msg)
	@$(RUN) tools/step "Messages" $@.log tools/build_messages $(ENV)
	@touch $@

# Torch clashes with nothing in .venv, but the libraries on top of it clash with each other.
.venv-%/stamps/ready: requirements/core.txt requirements/serve.txt requirements/torch.txt \
        requirements/%.txt requirements/%-bare.txt tools/make_env_policy
	@$(RUN) tools/make_env_policy $* "$(PYTHON)"

.venv-rtamt/stamps/ready: requirements/rtamt.txt tools/make_env_rtamt
	@$(RUN) tools/make_env_rtamt "$(PYTHON)"

# Links to the launch files, which are installed with the messages.
$(STAMPS)/launch: $(STAMPS)/messages $(wildcard launch/*.py)
	@$(RUN) cmake --install $(ENV)/build >$@.log
	@touch $@

$(STAMPS)/rendering: $(STAMPS)/packages tools/check_rendering | $(STAMPS)/launch
	@$(RUN) tools/check_rendering $(ENV) $@.log
	@touch $@
	@echo "==> Ready: $(ENV)/bin/aura --help"
