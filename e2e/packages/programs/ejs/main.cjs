const ejs = require('ejs');
const fs = require('node:fs');
fs.writeFileSync('part.ejs', '<li><%= name %></li>');
fs.writeFileSync('page.ejs', '<ul><% for (const name of names) { -%>\n<%- include("part", { name }) %>\n<% } -%>\n</ul>\n');
ejs.renderFile('page.ejs', { names: ['Ada', '<Bob>'] }).then((html) => {
  console.log(html);
  console.log(ejs.render('<%# comment %><%= await work() %>', { work: async () => 'async' }, { async: true }) instanceof Promise);
  try { ejs.render('<p>\n<%= missing %>', {}, { filename: 'x.ejs' }); } catch (error) { console.log(error.message); }
});
