// A program that divides by zero in a function that is put into its caller. Tests find lines by the comments at their ends.
volatile int guests;

static inline int slice(int cake, int among) {
	return cake / among; // slice
}

__attribute__((noinline)) int party(int cakes) {
	int eaten = slice(12 * cakes, guests); // party
	return eaten + 1;
}

__attribute__((export_name("_start"))) void start(void) {
	guests = party(guests + 1); // start
}

__attribute__((export_name("#lunatic_test_cakes::are_shared"))) void shares(void) {
	guests = party(1); // test
}
