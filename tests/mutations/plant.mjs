// SPDX-License-Identifier: MPL-2.0
// Writes the bugs of list.mjs into the text of a source file, each active only in a process that asks for it.
import {list} from './list.mjs';

// One row a bug: {id, file, what, find, plant, integration, survives}.
export const rows = list.flatMap(({file, bugs}) => bugs.map((bug) => ({file, ...bug})));

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// Where the text of the row stands in the source; the layout of white space does not matter. Not inside of a name.
function placeOf(row, source) {
  const pattern = new RegExp('(?<![\\w.>:])' + row.find.trim().split(/\s+/).map(escaped).join('\\s+'), 'g');
  const found = [...source.matchAll(pattern)];
  if (found.length === 1) return {row, from: found[0].index, to: found[0].index + found[0][0].length, text: found[0][0]};
  throw new Error(`${row.file}: bug ${row.id}, "${row.what}": its text occurs ${found.length} times, not once: ${row.find}`);
}

function planted({row, text}, behind) {
  const asks = `planted(${row.id})`;
  // What is neither an expression nor a statement says itself where the choice is.
  if (/\bplanted\b/.test(row.plant)) return row.plant.replaceAll(/\bplanted\b/g, asks);
  if (/^\.\w+ =/.test(text)) throw new Error(`${row.file}: bug ${row.id}, "${row.what}": a member is no expression: let the plant ask \`planted\``);
  if (/[;}]\s*$/.test(text)) return `if (${asks}) { ${row.plant} } else { ${text} }`;
  if (!/^\s*([),;?:\]}]|&&|\|\|)/.test(behind))
    throw new Error(`${row.file}: bug ${row.id}, "${row.what}": its expression goes on behind what it replaces`);
  return `(${asks} ? (${row.plant}) : (${text}))`;
}

// The file with all its bugs, lines keeping their numbers: the first line, the licence, makes room for an include.
export function plantAll(file, source, bugs = rows.filter((row) => row.file === file)) {
  const places = bugs.map((row) => placeOf(row, source)).sort((a, b) => a.from - b.from);
  let out = '', at = 0;
  for (const place of places) {
    if (place.from < at) throw new Error(`${file}: bug ${place.row.id} and the one before it overlap`);
    out += source.slice(at, place.from) + planted(place, source.slice(place.to));
    at = place.to;
  }
  out += source.slice(at);
  return places.length ? out.replace(/^.*\n/, '#include "tests/mutations/planted.hpp"\n') : out;
}
