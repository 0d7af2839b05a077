// A process that traps with what a core dump should tell: variables, messages, a link and a name.
typedef unsigned long long id;

__attribute__((import_module("lunatic::process"), import_name("spawn"))) int spawn(
    long long link, long long config, long long module, const char *name, int length, void *params, int size, id *child);
__attribute__((import_module("lunatic::process"), import_name("process_id"))) id process_id(void);
__attribute__((import_module("lunatic::process"), import_name("sleep_ms"))) void sleep_ms(id time);
__attribute__((import_module("lunatic::message"), import_name("create_data"))) void create_data(long long tag, long long size);
__attribute__((import_module("lunatic::message"), import_name("write_data"))) int write_data(const void *data, int size);
__attribute__((import_module("lunatic::message"), import_name("send"))) int send(id to);
__attribute__((import_module("lunatic::registry"), import_name("put"))) void put(const char *name, int length, id node, id process);

struct order {
  const char *item;
  int count;
  double price;
};

int orders_seen = 40;

int share(struct order *order, int guests) {
  int each = order->count / guests; // division
  return each;
}

int serve(int table) {
  struct order order = {"cake", 12, 2.5};
  int totals[3] = {10, 20, 30};
  orders_seen += 2;
  int result = share(&order, table - 7); // serving
  return result + totals[table];
}

__attribute__((export_name("waiter"))) void waiter(void) { sleep_ms(1000000); }

__attribute__((export_name("_start"))) void start(void) {
  id child = 0;
  spawn(5, -1, -1, "waiter", 6, 0, 0, &child);
  put("kitchen", 7, 0, process_id());
  create_data(9, 0);
  write_data("two coffees", 11);
  send(process_id());
  serve(7); // start
}
