const Handlebars = require('handlebars');
Handlebars.registerHelper('loud', (text) => new Handlebars.SafeString(`<b>${Handlebars.escapeExpression(text)}</b>`));
Handlebars.registerPartial('item', '<li>{{@index}} {{name}}{{#unless last}},{{/unless}}</li>');
const render = Handlebars.compile('{{#each people}}{{> item last=@last}}{{else}}none{{/each}} {{loud title}} {{{raw}}} {{lookup map key}}');
console.log(render({ people: [{ name: 'Ada' }, { name: '<Bob>' }], title: 'a & b', raw: '<i>', map: { x: 1 }, key: 'x' }));
console.log(render({ people: [] }), Handlebars.precompile('{{a}}').slice(0, 12));
try { Handlebars.compile('{{#if}}')({}); } catch (error) { console.log(error.message.split('\n')[0]); }
