// A third source of declared.cpp, which has another class of the same name.
struct Twice {
  double twice[2] = {1, 2};
};
Twice third_twice;
