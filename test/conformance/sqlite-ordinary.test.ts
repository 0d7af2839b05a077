/** What programs do with SQLite every day, through the host and straight: the rows and the result codes are the same. */
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeRow } from '../../runtime/host/sqlite/bincode.ts';
import type { Value } from '../../runtime/host/sqlite/value.ts';
import { linesOf } from '../support/program.ts';
import { DatabaseFolder, sqliteGuest } from '../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const { config } = folder;
afterAll(() => folder.remove());

const SHOP = `
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, city TEXT DEFAULT 'Ulm', created TEXT DEFAULT '2024-01-01', data TEXT);
CREATE TABLE products (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, price REAL CHECK (price >= 0), tags TEXT, gross AS (round(price * 1.19, 2)) STORED);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE, state TEXT DEFAULT 'new');
CREATE TABLE items ("order" INTEGER REFERENCES orders ON DELETE CASCADE, product INTEGER REFERENCES products, count INTEGER DEFAULT 1, PRIMARY KEY ("order", product)) WITHOUT ROWID;
CREATE TABLE log (at INTEGER PRIMARY KEY, what TEXT, id INTEGER);
CREATE TABLE tree (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES tree ON DELETE CASCADE, name TEXT);
CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX customers_city ON customers (city, name COLLATE NOCASE);
CREATE INDEX customers_lower ON customers (lower(email));
CREATE UNIQUE INDEX products_name ON products (name) WHERE price > 0;
CREATE VIEW totals AS SELECT o.id, o.customer, sum(i.count * p.price) AS total FROM orders o JOIN items i ON i."order" = o.id JOIN products p ON p.id = i.product GROUP BY o.id;
CREATE VIEW rich AS SELECT c.name, sum(t.total) AS total FROM customers c JOIN totals t ON t.customer = c.id GROUP BY c.id HAVING total > 10;
CREATE TRIGGER order_made AFTER INSERT ON orders BEGIN INSERT INTO log (what, id) VALUES ('made', new.id); END;
CREATE TRIGGER order_state AFTER UPDATE OF state ON orders WHEN old.state <> new.state BEGIN INSERT INTO log (what, id) VALUES (old.state || ' -> ' || new.state, new.id); END;
CREATE TRIGGER order_gone AFTER DELETE ON orders BEGIN DELETE FROM log WHERE id = old.id; END;
CREATE TRIGGER rich_update INSTEAD OF UPDATE ON rich BEGIN UPDATE customers SET name = new.name WHERE name = old.name; END;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO customers (id, name, email, city, data) SELECT i, 'Customer ' || i, 'c' || i || '@example.org', CASE i % 3 WHEN 0 THEN 'Ulm' WHEN 1 THEN 'Bonn' ELSE NULL END, json_object('age', i % 80, 'tags', json_array('a' || (i % 5), 'b')) FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO products (name, price, tags) SELECT printf('Product %03d', i), i * 1.25, '["x", "y' || (i % 4) || '"]' FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) INSERT INTO orders (id, customer) SELECT i, 1 + i * 7 % 400 FROM n;
INSERT INTO items ("order", product, count) SELECT id, 1 + id % 60, 1 + id % 3 FROM orders UNION SELECT id, 1 + id * 3 % 60, 2 FROM orders WHERE id % 2 AND id % 60 <> id * 3 % 60;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO tree SELECT i, nullif(i / 3, 0), 'node ' || i FROM n;
CREATE VIRTUAL TABLE notes USING fts5 (title, body, tokenize = 'porter unicode61');
INSERT INTO notes (title, body) VALUES ('Shopping', 'milk, bread and two apples'), ('Travel', 'running to the trains'), ('Books', 'a run of apples and trains');
CREATE VIRTUAL TABLE words USING fts5 (name, content = 'products', content_rowid = 'id');
CREATE TRIGGER words_insert AFTER INSERT ON products BEGIN INSERT INTO words (rowid, name) VALUES (new.id, new.name); END;
CREATE TRIGGER words_delete AFTER DELETE ON products BEGIN INSERT INTO words (words, rowid, name) VALUES ('delete', old.id, old.name); END;
INSERT INTO words (words) VALUES ('rebuild');
CREATE VIRTUAL TABLE places USING rtree (id, west, east, south, north);
INSERT INTO places VALUES (1, 0, 1, 0, 1), (2, 5, 6, 5, 6);
CREATE TEMP TABLE basket (product INTEGER, count INTEGER);
INSERT INTO basket VALUES (1, 2), (3, 4)`;

/** Statements that succeed, one after the other on the same database. */
const STATEMENTS = `
SELECT * FROM customers WHERE id = 7
SELECT name, email FROM customers WHERE city = 'Ulm' ORDER BY name LIMIT 5 OFFSET 3
SELECT count(*), count(city), count(DISTINCT city) FROM customers
SELECT city, count(*) AS n FROM customers GROUP BY city HAVING n > 10 ORDER BY n DESC, city
SELECT * FROM customers WHERE name LIKE 'customer 1%' AND city IS NOT NULL ORDER BY id LIMIT 4
SELECT id FROM customers WHERE name GLOB '*9' AND id BETWEEN 20 AND 60
SELECT id FROM customers WHERE city IN ('Ulm', 'Bonn') AND id NOT IN (1, 2, 3) LIMIT 3
SELECT coalesce(city, 'nowhere'), ifnull(data, 0), nullif(1, 1), iif(id > 3, 'a', 'b') FROM customers LIMIT 6
SELECT CASE WHEN price < 10 THEN 'cheap' WHEN price < 50 THEN 'fair' ELSE 'dear' END AS class, count(*), avg(price), min(name), max(name) FROM products GROUP BY class ORDER BY 1
SELECT c.name, o.id FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id < 4 ORDER BY 1, 2
SELECT c.name, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer = c.id GROUP BY c.id ORDER BY 2 DESC, 1 LIMIT 5
SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer = c.id WHERE o.id IS NULL ORDER BY 1 LIMIT 3
SELECT o.id, p.name, i.count FROM orders o JOIN items i ON i."order" = o.id JOIN products p ON p.id = i.product WHERE o.id IN (5, 6, 7) ORDER BY 1, 2
SELECT * FROM totals WHERE customer = 15 ORDER BY id
SELECT * FROM rich ORDER BY total DESC, name LIMIT 5
SELECT name FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE customer = customers.id AND id > 890) ORDER BY id
SELECT name, (SELECT count(*) FROM orders WHERE customer = c.id) FROM customers c ORDER BY 2 DESC, c.id LIMIT 4
SELECT a.id, b.id FROM customers a JOIN customers b ON b.id = a.id + 1 WHERE a.id < 5
SELECT count(*) FROM customers a, customers b WHERE a.city = b.city AND a.id < b.id
SELECT count(*) FROM customers a CROSS JOIN products b WHERE a.id % 7 = b.id % 7
SELECT p.name FROM products p WHERE p.price > (SELECT avg(price) FROM products) ORDER BY p.price LIMIT 3
SELECT id FROM customers UNION SELECT id FROM products ORDER BY 1 DESC LIMIT 3
SELECT id FROM customers WHERE id < 5 UNION ALL SELECT id FROM products WHERE id < 3
SELECT id FROM customers INTERSECT SELECT id FROM products EXCEPT SELECT id FROM tree WHERE id > 4
SELECT * FROM (SELECT city, count(*) AS n FROM customers GROUP BY city) WHERE n > 100 ORDER BY city
SELECT * FROM customers NATURAL JOIN (SELECT 3 AS id) AS one
SELECT o.id, t.total FROM orders o JOIN totals t USING (id) ORDER BY 1 LIMIT 2
SELECT c.id, o.id FROM orders o RIGHT JOIN customers c ON c.id = o.customer AND o.id < 3 WHERE c.id < 20 ORDER BY 1
SELECT a.x, b.x FROM (SELECT 1 AS x) a FULL JOIN (SELECT 2 AS x) b ON a.x = b.x ORDER BY 1
WITH best AS (SELECT customer, sum(total) AS s FROM totals GROUP BY customer) SELECT name, s FROM best JOIN customers ON id = customer ORDER BY s DESC, name LIMIT 3
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a, b
WITH RECURSIVE up (id, parent, depth) AS (SELECT id, parent, 0 FROM tree WHERE id = 100 UNION ALL SELECT t.id, t.parent, depth + 1 FROM tree t JOIN up ON t.id = up.parent) SELECT * FROM up
WITH RECURSIVE path (id, name) AS (SELECT id, name FROM tree WHERE parent IS NULL UNION ALL SELECT t.id, p.name || '/' || t.name FROM tree t JOIN path p ON t.parent = p.id) SELECT name FROM path ORDER BY id LIMIT 6
WITH RECURSIVE day (d) AS (SELECT '2024-02-27' UNION ALL SELECT date(d, '+1 day') FROM day WHERE d < '2024-03-02') SELECT d, strftime('%w', d) FROM day
SELECT name, price, rank() OVER (ORDER BY price DESC) FROM products LIMIT 4
SELECT id, sum(price) OVER (ORDER BY id) AS running, avg(price) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM products LIMIT 6
SELECT city, name, row_number() OVER (PARTITION BY city ORDER BY id) AS n FROM customers ORDER BY id LIMIT 5
SELECT * FROM (SELECT name, city, row_number() OVER (PARTITION BY city ORDER BY id DESC) AS n FROM customers) WHERE n <= 2 ORDER BY city, n
SELECT id, lag(price) OVER w, lead(price, 2, 0) OVER w, first_value(name) OVER w, ntile(4) OVER w FROM products WINDOW w AS (ORDER BY id) LIMIT 5
SELECT id, count(*) FILTER (WHERE price > 5) OVER (ORDER BY id), sum(price) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM products LIMIT 5
SELECT id, percent_rank() OVER (ORDER BY price), cume_dist() OVER (ORDER BY price), dense_rank() OVER (ORDER BY price / 10) FROM products LIMIT 3
SELECT json_extract(data, '$.age'), data ->> '$.tags[0]', data -> 'tags' FROM customers WHERE id IN (3, 4)
SELECT json_extract(data, '$.age') AS age, count(*) FROM customers GROUP BY age ORDER BY 2 DESC, 1 LIMIT 3
SELECT c.id, j.value FROM customers c, json_each(c.data, '$.tags') j WHERE c.id < 4
SELECT DISTINCT j.value FROM products, json_each(products.tags) AS j ORDER BY 1
SELECT key, value, type, path FROM json_tree('{"a": [1, {"b": null}]}')
SELECT json_group_array(name), json_group_object(id, price) FROM (SELECT * FROM products ORDER BY id LIMIT 3)
SELECT json_set('{"a": 1}', '$.b', json('[2]')), json_remove('[1, 2]', '$[0]'), json_patch('{"a": 1}', '{"a": null}'), json_type('[1]'), json_valid('x'), json_array_length('[1, 2]')
UPDATE customers SET data = json_set(data, '$.age', 99) WHERE id = 5 RETURNING json_extract(data, '$.age')
SELECT upper(name), length(email), substr(email, 1, 3), trim('  x '), replace(name, 'Customer', 'C'), instr(email, '@'), hex('ab'), quote(name), abs(-3), round(2.567, 1), typeof(1.0) FROM customers LIMIT 2
SELECT printf('%05d|%.2f|%s|%x', 42, 3.14159, 'x', 255), format('%-5s|', 'a'), char(65, 66), unicode('ä'), ltrim('xxa', 'x'), rtrim('a00', '0')
SELECT group_concat(name, ', ') FROM (SELECT name FROM products ORDER BY id LIMIT 4)
SELECT city, group_concat(DISTINCT substr(name, 1, 8)) FROM customers WHERE id < 9 GROUP BY city
SELECT string_agg(name, '-' ORDER BY id DESC) FROM products WHERE id < 4
SELECT date('2024-01-31', '+1 month'), julianday('2000-01-01'), strftime('%Y-%m', '2024-05-06'), unixepoch('2024-01-01'), datetime(0, 'unixepoch')
SELECT max(1, 2, 3), min('a', 'b'), total(price), sum(id) FROM products
SELECT random() IS NOT NULL, length(randomblob(16)), length(zeroblob(10)), lower(hex(x'AB'))
SELECT CAST('12abc' AS INTEGER), CAST(3.7 AS INTEGER), 7 / 2, 7 % 3, 7.0 / 2, 1 << 4, ~0, 'a' || 'b', 5 BETWEEN 1 AND 9
SELECT sqrt(16), pow(2, 10), ceil(1.2), floor(-1.2), ln(1), pi() > 3
SELECT name FROM products ORDER BY price DESC NULLS LAST LIMIT 2
SELECT 'a' = 'A' COLLATE NOCASE, NULL IS NULL, 1 IS NOT 2, NULL = NULL
SELECT ?1 IS NULL, :name IS NULL
SELECT (1, 2) < (1, 3), (SELECT 1) IN (SELECT 1)
VALUES (1, 'a'), (2, 'b')
INSERT INTO customers (name, email) VALUES ('New', 'new@example.org')
INSERT INTO customers (name, email) VALUES ('A', 'a@x.org'), ('B', 'b@x.org') RETURNING id, name, city
INSERT INTO basket DEFAULT VALUES
INSERT OR IGNORE INTO customers (name, email) VALUES ('Other', 'new@example.org')
INSERT OR REPLACE INTO customers (id, name, email) VALUES (401, 'Replaced', 'new@example.org')
INSERT INTO customers (name, email) VALUES ('Up', 'new@example.org') ON CONFLICT (email) DO UPDATE SET name = excluded.name, city = 'Rom' WHERE customers.id > 0 RETURNING id, name, city
INSERT INTO products (name, price) VALUES ('Gadget', 9.99) RETURNING *
REPLACE INTO products (id, name, price) VALUES (3, 'Third', 3)
INSERT INTO items SELECT 1, id, 1 FROM products WHERE id IN (20, 30) ON CONFLICT DO UPDATE SET count = count + 1
SELECT last_insert_rowid() > 0, changes(), total_changes() > 0
INSERT INTO orders (customer) VALUES (3) RETURNING id
SELECT what, id FROM log ORDER BY at DESC LIMIT 2
UPDATE orders SET state = 'paid' WHERE id % 10 = 0
SELECT what, count(*) FROM log GROUP BY what ORDER BY 1
UPDATE products SET price = price * 1.1 WHERE id <= 5 RETURNING id, round(price, 3), gross
UPDATE customers SET (city, created) = ('Köln', '2024-02-02') WHERE id = 9
UPDATE customers SET city = (SELECT max(city) FROM customers) WHERE city IS NULL AND id < 10
UPDATE orders SET state = 'big' FROM totals WHERE totals.id = orders.id AND totals.total > 150
SELECT state, count(*) FROM orders GROUP BY state ORDER BY state
UPDATE rich SET name = 'Very rich' WHERE total > 600
UPDATE OR IGNORE customers SET email = 'c1@example.org' WHERE id = 2
DELETE FROM items WHERE "order" = 4 RETURNING *
DELETE FROM orders WHERE customer IN (SELECT id FROM customers WHERE city = 'Köln')
DELETE FROM orders WHERE id IN (SELECT o.id FROM orders o LEFT JOIN items i ON i."order" = o.id WHERE i.product IS NULL)
DELETE FROM log WHERE at NOT IN (SELECT max(at) FROM log GROUP BY id)
SELECT count(*) FROM log
SELECT title, bm25(notes) < 0 FROM notes WHERE notes MATCH 'apples' ORDER BY rank
SELECT highlight(notes, 1, '<', '>'), snippet(notes, 1, '[', ']', '...', 3) FROM notes WHERE notes MATCH 'run'
SELECT title FROM notes WHERE notes MATCH 'body: train* NOT title: books'
SELECT title FROM notes('apples AND trains')
UPDATE notes SET body = 'nothing' WHERE title = 'Travel'
DELETE FROM notes WHERE rowid = 1
SELECT count(*) FROM words WHERE words MATCH 'gadget'
SELECT id FROM places WHERE west >= 0 AND east <= 2
PRAGMA foreign_keys = ON
DELETE FROM customers WHERE id = 15
SELECT count(*) FROM orders WHERE customer = 15
DELETE FROM tree WHERE id = 2
SELECT count(*) FROM tree
PRAGMA foreign_key_check
PRAGMA foreign_keys
BEGIN
INSERT INTO log (what) VALUES ('within')
SAVEPOINT inner
DELETE FROM log
ROLLBACK TO inner
RELEASE inner
SELECT count(*) > 1 FROM log
COMMIT
BEGIN IMMEDIATE
DROP TABLE tree
ROLLBACK
SELECT count(*) FROM tree
SAVEPOINT outer
UPDATE customers SET name = 'x'
ROLLBACK TO outer
RELEASE outer
SELECT name FROM customers WHERE id = 1
SELECT b.count, p.name FROM basket b JOIN products p ON p.id = b.product ORDER BY 1
INSERT INTO basket SELECT id, 1 FROM products WHERE id BETWEEN 10 AND 12
UPDATE basket SET count = count + 1 WHERE product IN (SELECT id FROM products WHERE price > 10)
SELECT sum(count) FROM temp.basket
CREATE TABLE copy AS SELECT id, name FROM customers WHERE id < 10
ALTER TABLE copy ADD COLUMN note TEXT DEFAULT 'none'
ALTER TABLE copy RENAME COLUMN note TO remark
ALTER TABLE copy RENAME TO copied
ALTER TABLE copied DROP COLUMN remark
SELECT * FROM copied ORDER BY id LIMIT 2
CREATE TABLE IF NOT EXISTS copied (x)
CREATE UNIQUE INDEX copied_name ON copied (name)
CREATE TABLE strict (id INTEGER PRIMARY KEY, n INT, t TEXT) STRICT
INSERT INTO strict (n, t) VALUES ('12', 34) RETURNING typeof(n), typeof(t)
CREATE TRIGGER copied_guard BEFORE DELETE ON copied WHEN old.id = 1 BEGIN SELECT RAISE(IGNORE); END
DELETE FROM copied
SELECT count(*) FROM copied
DROP TRIGGER copied_guard
DROP INDEX copied_name
DROP TABLE copied
DROP VIEW IF EXISTS nowhere
CREATE TEMP VIEW dear AS SELECT name FROM products WHERE price > 70
SELECT * FROM dear ORDER BY 1
PRAGMA user_version = 12
PRAGMA user_version
PRAGMA table_info(orders)
PRAGMA index_list(customers)
PRAGMA foreign_key_list(items)
PRAGMA journal_mode
PRAGMA integrity_check
PRAGMA quick_check
PRAGMA page_size
PRAGMA encoding
PRAGMA case_sensitive_like = OFF
PRAGMA recursive_triggers = ON
INSERT INTO orders (customer, state) VALUES (5, 'last')
UPDATE orders SET state = 'done' WHERE state = 'last'
PRAGMA recursive_triggers = OFF
SELECT name, type FROM sqlite_schema WHERE tbl_name = 'orders' ORDER BY name
SELECT name FROM pragma_table_info('customers') ORDER BY cid
SELECT m.name, count(*) FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name IN ('orders', 'items') GROUP BY m.name
EXPLAIN QUERY PLAN SELECT * FROM customers WHERE id = 1
ANALYZE
REINDEX customers_city
VACUUM
PRAGMA optimize
SELECT count(*) FROM orders`
  .trim()
  .split('\n');

/** Statements that fail. */
const FAILING = `
SELECT * FROM nowhere
SELECT nothing FROM customers
SELEC 1
INSERT INTO customers (name, email) VALUES (NULL, 'x')
INSERT INTO customers (name, email) VALUES ('x', 'c1@example.org')
INSERT INTO products (name, price) VALUES ('x', -1)
INSERT INTO strict (n) VALUES ('x')
INSERT INTO customers VALUES (1)
INSERT INTO products (gross) VALUES (1)
UPDATE items SET count = 1, product = 1
SELECT abs(-9223372036854775808)
SELECT json_extract('{', '$')
SELECT max(count(*)) FROM customers
SELECT 1 UNION SELECT 1, 2
COMMIT
RELEASE nothing
CREATE TABLE customers (a)
DROP TABLE nowhere
SELECT * FROM notes WHERE notes MATCH '"'
INSERT INTO orders (customer) VALUES (99999)
SELECT 'x`
  .trim()
  .split('\n');

function straight(): DatabaseSync {
  const database = new DatabaseSync(':memory:', {
    enableForeignKeyConstraints: false,
    readBigInts: true,
    returnArrays: true,
  });
  database.exec(SHOP);
  return database;
}

describe.each(['main', 'file'])('ordinary statements of a database in %s', (where) => {
  const path = where === 'main' ? ':memory:' : `${folder.path}/shop.db`;
  const open = `(call $open (text "${path}")) (call $execute (blob "shop"))`;

  test('give the rows that they give straight', async () => {
    const blobs = Object.fromEntries(STATEMENTS.map((sql, i) => [`sql${i}`, Buffer.from(sql)]));
    const functions = `(func $all (param $statement i64) (param $sql i32) (param $length i32)
      (call $write (local.get $sql) (local.get $length)) (call $write (text "\\n"))
      (drop (call $sqlite.query_prepare (i64.const 0) (local.get $sql) (local.get $length)))
      (loop $next (if (i32.eq (call $sqlite.sqlite3_step (local.get $statement)) (i32.const 100)) (then
        (call $row (local.get $statement)) (br $next))))
      (call $sqlite.statement_reset (local.get $statement)))`;
    const body = STATEMENTS.map((_, i) => `(call $all (i64.const ${i}) (blob "sql${i}"))`).join(' ');
    const options = { blobs: { shop: Buffer.from(SHOP), ...blobs }, functions };
    const lines = await linesOf(sqliteGuest(`${open} ${body}`, options), { config });
    const database = straight();
    const expected = STATEMENTS.flatMap((sql) => {
      const rows = database.prepare(sql).all() as unknown as Value[][];
      // A file has another journal.
      if (sql === 'PRAGMA journal_mode' && where === 'file') rows[0] = ['delete'];
      return [sql, ...rows.map((row) => `row ${Buffer.from(encodeRow(row)).toString('hex')}`)];
    });
    expect(lines.slice(2)).toEqual(expected);
  });

  test('fail with the codes with which they fail straight', async () => {
    const extra = 'PRAGMA foreign_keys = ON; CREATE TABLE IF NOT EXISTS strict (n INT) STRICT';
    const sql = [extra, ...FAILING];
    const blobs = Object.fromEntries(sql.map((text, i) => [`sql${i}`, Buffer.from(text)]));
    const body = sql.map((_, i) => `(call $execute (blob "sql${i}"))`).join(' ');
    const begin = where === 'main' ? open : `(call $open (text "${path}")) (call $execute (text "SELECT 1"))`;
    const options = { blobs: { shop: Buffer.from(SHOP), ...blobs } };
    const lines = await linesOf(sqliteGuest(`${begin} ${body}`, options), { config });
    const database = straight();
    const expected = sql.map((text) => {
      try {
        database.exec(text);
        return 'execute 0';
      } catch (error) {
        const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : Number.NaN;
        return `execute ${code & 255}`;
      }
    });
    expect(expected.slice(1)).not.toContain('execute 0');
    expect(lines.slice(2)).toEqual(expected);
  });
});
