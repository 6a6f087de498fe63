const _ = require('lodash');
console.log(_.chunk([1, 2, 3, 4, 5], 2), _.groupBy([6.1, 4.2, 6.3], Math.floor), _.merge({ a: [{ b: 2 }] }, { a: [{ c: 3 }] }));
console.log(_.cloneDeep({ d: new Date(0), m: new Map([[1, { x: /r/g }]]), b: Buffer.from('hi') }), _.isEqual(new Set([1]), new Set([1])));
console.log(_.template('hello <%= user %>!<% if (n) { %> <%- n %><% } %>')({ user: 'fred', n: '<b>' }));
console.log(_.camelCase('foo-bar baz'), _.deburr('déjà vu'), _.words('fred, barney & pebbles'), _.padStart('7', 3, '0'));
console.log(_.get({ a: [{ b: { c: 3 } }] }, 'a[0].b.c'), _(['b', 'a']).sort().map(_.upperCase).join());
_.debounce(() => console.log('debounced'), 10)();
