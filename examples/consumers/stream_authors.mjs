// Whose articles are they? Reads an Arrow stream: any language that knows Arrow can.
//
//     dateline export DATASET --format ipc-stream --one-file --to news.arrows
//     node stream_authors.mjs news.arrows

import { readFileSync } from "node:fs";
import { tableFromIPC } from "apache-arrow";

const articles = tableFromIPC(readFileSync(process.argv[2]));
const counts = new Map();
for (const byline of articles.getChild("byline")) {
  const name = byline ?? "nobody is named";
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 6);
for (const [name, count] of most) console.log(`${String(count).padStart(3)}  ${name}`);
