// Notebooks of Jupyter come in and go out unchanged; older and damaged ones are repaired or refused with a reason.
import { expect, test } from 'vitest';
import { parseNotebook, writeNotebook } from './notebook-file.ts';

const jupyter = `{
 "cells": [
  {
   "attachments": {
    "a.png": {
     "image/png": "iVBORw=="
    }
   },
   "cell_type": "markdown",
   "id": "intro",
   "metadata": {},
   "source": [
    "# Title\\n",
    "![](attachment:a.png)"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 2,
   "id": "c0ffee",
   "metadata": {
    "collapsed": true,
    "tags": [
     "x"
    ]
   },
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "one\\n",
      "two\\n"
     ]
    },
    {
     "data": {
      "application/vnd.x+json": [
       "a",
       1
      ],
      "image/png": "iVBORw==",
      "text/html": [
       "<b>\\n",
       "x</b>"
      ]
     },
     "metadata": {},
     "output_type": "display_data"
    },
    {
     "data": {
      "text/plain": [
       "42"
      ]
     },
     "execution_count": 2,
     "metadata": {},
     "output_type": "execute_result"
    },
    {
     "ename": "ValueError",
     "evalue": "no",
     "output_type": "error",
     "traceback": [
      "line"
     ]
    }
   ],
   "source": []
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "My kernel",
   "language": "python",
   "name": "mine"
  },
  "language_info": {
   "name": "python"
  },
  "widgets": {
   "kept": [
    1
   ]
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`;

test('a notebook of Jupyter is written as it was read', () => {
  expect(writeNotebook(parseNotebook(jupyter))).toBe(jupyter);
});

test('cells of 4.4 get ids, and ids that are there twice or not allowed are replaced', () => {
  const cell = (id?: string): object => ({ cell_type: 'code', metadata: {}, source: 'x', outputs: [], execution_count: null, id });
  const { cells } = parseNotebook(
    JSON.stringify({ nbformat: 4, nbformat_minor: 4, metadata: {}, cells: [cell(), cell('a'), cell('a'), cell('b c')] }),
  );
  const ids = cells.map(({ id }) => id);
  expect(ids[1]).toBe('a');
  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^[\w-]{1,64}$/);
});

test('an empty file is a notebook with one cell', () => {
  expect(parseNotebook('\n').cells.map(({ type }) => type)).toEqual(['code']);
  expect(JSON.parse(writeNotebook(parseNotebook('')))).toMatchObject({ nbformat: 4, nbformat_minor: 5 });
});

test('what is no notebook is refused with its reason', () => {
  expect(() => parseNotebook('{')).toThrow(/it is not JSON/);
  expect(() => parseNotebook('{"nbformat": 3, "worksheets": []}')).toThrow('it is of format 3');
  expect(() => parseNotebook('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1}]}')).toThrow(/cells\.0\.source/);
  expect(() => parseNotebook('[]')).toThrow();
});
