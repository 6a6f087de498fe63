import { Marked, marked } from 'marked';
const text = '# Title\n\nSome *emphasis*, `code` & <b>html</b>.\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\n- [x] done\n- [ ] open\n  1. nested\n\n```js\nlet x = 1 < 2;\n```\n\n> quote\n\n[link](http://example.org "t") ![img](a.png)\n';
console.log(marked.parse(text));
const own = new Marked({ async: true, renderer: { heading: ({ tokens, depth }) => `<h${depth} class=own>${tokens[0].raw}</h${depth}>\n` } });
console.log(await own.parse('## Own'), marked.lexer('a\n\nb').map(({ type }) => type));
