# The commands of every day. Each installs what it needs from Debian, where it is missing.

.PHONY: help demo fleet-up fleet-down test lint compare compare-clusters compare-language bench bench-peers size install

help:
	@echo 'make demo        six real hosts, an Elasticsearch cluster on them (root)'
	@echo 'make fleet-up    the six hosts alone'
	@echo 'make fleet-down  take them and the file server down'
	@echo 'make test        everything that CI runs, the fleet tests included'
	@echo 'make lint        formatting, clippy, shellcheck'
	@echo 'make compare     the same playbook with ansible-core on twin hosts, if it is installed'
	@echo 'make compare-clusters  the playbooks of clusters, releases and databases with both, and the ratio of the times'
	@echo 'make compare-language  300 generated playbooks with ansible-core and with sutler, what they did compared'
	@echo 'make bench       the unchanged second run and templates, against ansible-core, plain ssh and Jinja2'
	@echo 'make bench-peers  many workloads against ansible-core, Mitogen, pyinfra and plain ssh: an hour'
	@echo 'make size        how large the helper is, and of what'

install:
	@tests/install

demo: install
	cargo build --release --locked
	@demo/run

fleet-up: install
	@tests/fleet/fleet up

fleet-down:
	@demo/run stop

lint: install
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	shellcheck -x tests/fleet/fleet tests/install tests/compare-with-ansible tests/compare-clusters tests/compare-playbooks tests/modules/image \
		benches/unchanged-run benches/helper-size benches/render-hostvars \
		demo/run demo/elasticsearch-standin/pack demo/elasticsearch-standin/stress .ci/run \
		tests/fleet/kubernetes/pack tests/fleet/kubernetes/api tests/fleet/kubernetes/kubeadm \
		tests/fleet/kubernetes/kubelet tests/fleet/kubernetes/kubectl

# The fleet boots hosts, which only root can.
test: lint
	@tests/install --sshd
ifeq ($(shell id -u),0)
	cargo test --workspace --locked
else
	cargo test --workspace --locked -- --skip fleet::
	@echo 'make test: without root, the tests on real hosts were left out'
endif

compare: install
	cargo build --release --locked
	@tests/compare-with-ansible

compare-clusters: install
	cargo build --release --locked
	@tests/compare-clusters

compare-language:
	@tests/compare-playbooks

bench: install
	cargo build --release --locked
	@benches/unchanged-run
	@benches/render-hostvars

bench-peers: install
	cargo build --release --locked
	@benches/peers/run

size: install
	@benches/helper-size
