// The type of processes as the crate `lunatic` has it, in a crate of the same name.
#![no_std]
pub mod function {
    pub mod process {
        use core::marker::PhantomData;

        pub struct Process<M, S = ()> {
            node_id: u64,
            id: u64,
            serializer_type: PhantomData<(M, S)>,
        }

        impl<M, S> Process<M, S> {
            pub fn new(node_id: u64, id: u64) -> Self {
                Process { node_id, id, serializer_type: PhantomData }
            }
            pub fn id(&self) -> u64 {
                self.node_id + self.id
            }
        }
    }
}
