//! What every engine must do, as generic functions over the two traits: an engine brings an [`Engine`] and calls
//! [`contract_tests!`].

pub mod deliveries;
pub mod keeping;
pub mod order;
pub mod runs;
pub mod samples;
pub mod stats;
pub mod storing;
pub mod trails;

use std::{any::Any, future::Future, sync::Arc};

use history::{HistoryReader, HistoryWriter, Item, Verdict};

/// An engine under test.
pub trait Engine {
    /// A new, empty store.
    fn fresh(&self) -> impl Future<Output = Store>;
    /// Makes what was stored visible to the reader, where that takes the engine time of its own.
    fn settle(&self, _store: &Store) -> impl Future<Output = ()> {
        async {}
    }
}

/// Both halves of a store.
pub struct Store {
    pub writer: Arc<dyn HistoryWriter>,
    pub reader: Arc<dyn HistoryReader>,
    /// What must live as long as the store: a directory, an index prefix.
    pub _keep: Box<dyn Any + Send>,
}

impl Store {
    /// Stores a batch, which must work.
    pub async fn put(&self, items: impl IntoIterator<Item = Item>) -> Vec<Verdict> {
        let batch: Arc<[Item]> = items.into_iter().collect();
        let verdicts = self.writer.store(Arc::clone(&batch)).await.unwrap();
        assert_eq!(verdicts.len(), batch.len());
        verdicts
    }
}

/// A new store with `items` in it.
pub async fn store_of(engine: &impl Engine, items: impl IntoIterator<Item = Item>) -> Store {
    let store = engine.fresh().await;
    store.put(items).await;
    engine.settle(&store).await;
    store
}

/// One `#[tokio::test]` for each point of the contract; an attribute behind the engine goes to each.
macro_rules! contract_tests {
    (@one [$($attribute:meta)?] $engine:expr, $module:ident, $name:ident) => {
        #[tokio::test]
        $(#[$attribute])?
        async fn $name() {
            $crate::contract::$module::$name(&$engine).await;
        }
    };
    (@all $attribute:tt $engine:expr; $($module:ident :: $name:ident),* $(,)?) => {
        $( contract_tests! { @one $attribute $engine, $module, $name } )*
    };
    ($engine:expr $(, $attribute:meta)?) => {
        contract_tests! { @all [$($attribute)?] $engine;
            storing::verdicts_follow_the_items,
            storing::what_was_stored_comes_back_unchanged,
            storing::of_one_identity_the_first_wins,
            storing::a_delivery_is_replaced_by_greater_rank_only,
            storing::an_empty_batch_is_fine,
            storing::through_is_the_slowest_partition,
            order::any_order_and_repetition_gives_the_same_answers,
            trails::a_trail_is_the_range_in_order_of_time,
            trails::a_long_trail_is_thinned_and_keeps_its_gaps,
            trails::a_delivery_owns_its_stretch_of_time,
            trails::a_slice_is_the_newest_of_each_courier,
            trails::a_slice_respects_bounds_and_limit,
            deliveries::pages_come_newest_first_and_lose_none,
            deliveries::filters_narrow_the_page,
            deliveries::what_figures_count_is_what_pages_list,
            deliveries::open_ones_are_listed,
            runs::audit_of_a_delivered_run,
            runs::audit_of_other_runs,
            stats::rows_by_bucket_and_key,
            keeping::expire_removes_what_is_old,
            keeping::forget_removes_a_courier_and_no_other,
        }
    };
}
pub(crate) use contract_tests;
