// Objects of classes of two sources behind pointers to their base, to be looked at where the process stands at "here".
#include "sources.h"
#include <new>

namespace {
struct Hidden : Item {
    int secret = 1;
};
} // namespace

// As in a function of the other source.
struct Local : Item {
    int global_one = 1;
};

static int show(Item *whole, Item *in_other, Item *local) {
    Item *three = makeThree();
    Item *thirteen = makeThirteen();
    Item *hidden = makeHidden();
    Item *own_hidden = new Hidden;
    Item *far_hidden = makeFarHidden();
    Item *in_function = makeLocal();
    Item *long_double = makeLong();
    Item *many = makeMany();
    Item *inner = makeInner();
    Item *shared = new Shared;
    Item *both = new Both;
    Second *second = static_cast<Both *>(both);
    // What stands there is no such object, or no longer.
    Item *dangling = new Item;
    new (dangling) Alone;
    Second *misplaced = reinterpret_cast<Second *>(static_cast<Item *>(new Both));
    int sum = whole->total() + in_other->total() + local->total(); // here
    return sum;
}

int main() {
    Box<int> box(3);
    Local local;
    return show(&box, makeDouble(), &local) > 0 ? 0 : 1;
}
