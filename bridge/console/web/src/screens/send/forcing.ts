// SPDX-License-Identifier: MPL-2.0
// The characters of a text that make it longer, and what could stand in their place. Positions are code points, from 1.
import type {Forcing} from '../../api/types';

export function pieces(text: string, forced: readonly Pick<Forcing, 'position'>[]): {text: string; forces: boolean}[] {
  const at = new Set(forced.map(({position}) => position));
  const found: {text: string; forces: boolean}[] = [];
  [...text].forEach((character, index) => {
    const forces = at.has(index + 1);
    const last = found.at(-1);
    if (last && last.forces === forces) last.text += character;
    else found.push({text: character, forces});
  });
  return found;
}

export function similar(text: string, forced: readonly Pick<Forcing, 'position' | 'replacement'>[]): string {
  const at = new Map(forced.map(({position, replacement}) => [position, replacement]));
  return [...text].map((character, index) => at.get(index + 1) ?? character).join('');
}
