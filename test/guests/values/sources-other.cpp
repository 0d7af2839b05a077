// The other source of sources.cpp: its classes are called as those over there, or are not there.
#include "sources.h"

namespace {
struct Hidden : Item {
    double other_secret = 1;
};
struct FarHidden : Item {
    int far_secret = 8;
};
} // namespace

struct Arg {};

namespace shop {
enum class Kind { fruit, vegetable };

Item *make(Arg) {
    struct Local : Item {
        double of_make = 2;
    };
    return new Local;
}

template <typename Value, Kind kind, bool flag> struct Outer {
    struct Inner : Item {
        Value inner = 3;
    };
};
} // namespace shop

Item *makeDouble() { return new Box<double>(3.5); }
Item *makeThree() { return new Numbered<-3>; }
Item *makeThirteen() { return new Numbered<13>; }
Item *makeHidden() { return new Hidden; }
Item *makeFarHidden() { return new FarHidden; }
Item *makeLocal() { return shop::make(Arg()); }
Item *makeLong() { return new Box<long double>(2.5L); }
Item *makeMany() { return new Many<const shop::Kind *, volatile char (&)[4], shop::Kind, void (*)(Arg, ...)>; }
Item *makeInner() { return new shop::Outer<unsigned __int128, shop::Kind::vegetable, true>::Inner; }
