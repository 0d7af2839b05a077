// The type of processes as the crate `lunatic` has it, in a crate of the same name.
#![no_std]
pub mod ap {
    use crate::function::process::Process;
    use core::ops::Deref;

    pub trait AbstractProcess {
        type State;
    }

    pub struct State<'a, AP: AbstractProcess> {
        state: &'a mut AP::State,
    }

    impl<'a, AP: AbstractProcess> State<'a, AP> {
        pub fn new(state: &'a mut AP::State) -> Self {
            State { state }
        }
    }

    impl<'a, AP: AbstractProcess> Deref for State<'a, AP> {
        type Target = AP::State;
        fn deref(&self) -> &Self::Target {
            self.state
        }
    }

    pub struct ProcessRef<T: AbstractProcess> {
        process: Process<T>,
    }

    impl<T: AbstractProcess> ProcessRef<T> {
        pub fn new(process: Process<T>) -> Self {
            ProcessRef { process }
        }
        pub fn id(&self) -> u64 {
            self.process.id()
        }
    }
}

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
