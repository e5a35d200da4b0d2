//! Elasticsearch under the contract, and what is its own.

mod answers;
mod cluster_faults;
mod hardships;
mod options;

mod contract {
    use crate::{cluster::Elastic, contract::contract_tests};

    contract_tests!(Elastic, ignore = "needs a real Elasticsearch: E2E_ELASTICSEARCH");
}
