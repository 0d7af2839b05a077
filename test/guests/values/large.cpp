// Maps of many entries, in which keys are looked up where the process stands at "here".
#include <map>
#include <string>
#include <unordered_map>

static int hold(std::map<int, int> &names, std::unordered_map<std::string, int> &counts) {
    int sum = names[1] + counts["1"];
    return sum; // here
}

int main() {
    std::map<int, int> names;
    std::unordered_map<std::string, int> counts;
    for (int i = 0; i < 30000; i++) {
        names[i] = 2 * i;
        counts[std::to_string(i)] = 3 * i;
    }
    return hold(names, counts) > 0 ? 0 : 1;
}
