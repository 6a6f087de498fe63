import { describe, expect, test } from 'vitest';
import { canInject, injectMarkup, insertionPoint } from './html-injection.ts';

const MARK = '<script>0</script>';

async function inject(html: string, pieceBytes: number): Promise<string> {
  const bytes = new TextEncoder().encode(html);
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let offset = 0; offset < bytes.byteLength; offset += pieceBytes) controller.enqueue(bytes.subarray(offset, offset + pieceBytes));
      controller.close();
    },
  });
  return new Response(source.pipeThrough(injectMarkup(MARK)) as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

describe('the script comes first in the head, in every split of the bytes', () => {
  const documents: Readonly<Record<string, string>> = {
    'a usual document': '<!doctype html>\n<html lang="en"><head>|<title>é</title></head><body></body></html>',
    'attributes with brackets': '<!DOCTYPE html><html data-x="a>b"><head\n class=\'>\'>|<meta charset=utf-8>',
    'comments that speak of a head': '<!-- <head> --><!doctype html><!-- > --><html><!-- a --><head>|<title>x</title>',
    'no head tag': '<!doctype html><html>|<body>hi</body></html>',
    'no html tag': '<!doctype html>|<title>x</title><p>hi',
    'a fragment': '|<p>hi</p>',
    'plain text': '|hello',
    'a header element': '<!doctype html>|<header>no head</header>',
    'an XML declaration': '<?xml version="1.0"?><html><head>|</head></html>',
    'an empty document': '|',
    'a document that is only a doctype': '<!doctype html>|',
    'an unfinished comment': '<!-- never closed|',
  };
  for (const [name, marked] of Object.entries(documents)) {
    test(name, async () => {
      const html = marked.replace('|', '');
      for (let pieceBytes = 1; pieceBytes <= html.length + 1; pieceBytes++)
        expect(await inject(html, pieceBytes)).toBe(marked.replace('|', MARK));
    });
  }
});

test('a byte order mark stays first', () => {
  expect(insertionPoint('\xef\xbb\xbf<html><head>x')).toBe(15);
});

test('a first event is not held back by the search for a head', () => {
  expect(insertionPoint('<!doctype html><body>')).toBe(15);
});

test('only HTML in an ASCII-compatible encoding is added to', () => {
  expect(canInject('text/html; charset=utf-8')).toBe(true);
  expect(canInject('Text/HTML')).toBe(true);
  for (const type of [null, 'application/json', 'text/htmlx', 'text/html; charset=UTF-16LE']) expect(canInject(type)).toBe(false);
});
