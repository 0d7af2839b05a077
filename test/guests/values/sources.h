// Classes that two sources share.
struct Item {
    virtual ~Item() = default;
    virtual int total() const { return price; }
    int price = 1;
};

template <typename Value> struct Box : Item {
    explicit Box(Value value) : value(value) {}
    Value value;
};

template <int number> struct Numbered : Item {
    int own = number;
};

template <typename... Values> struct Many : Item {
    int count = sizeof...(Values);
};

struct Second {
    virtual ~Second() = default;
    long id = 7;
};

struct Both : Item, Second {
    int both = 5;
};

struct Shared : virtual Item {
    int shared = 6;
};

struct Alone {
    virtual ~Alone() = default;
    double alone = 0.5;
};

Item *makeDouble();
Item *makeThree();
Item *makeThirteen();
Item *makeHidden();
Item *makeFarHidden();
Item *makeLocal();
Item *makeLong();
Item *makeMany();
Item *makeInner();
