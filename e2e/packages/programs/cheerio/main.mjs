import * as cheerio from 'cheerio';
const $ = cheerio.load('<ul id="fruits"><li class="apple" data-n=1>Apple<li class="pear">Pear</ul><p>a &amp; b</p>');
$('.apple').after('<li class="plum">Plum</li>').attr('title', '"q"').addClass('new');
console.log($('#fruits li').map((_i, li) => $(li).text()).get(), $('li:nth-child(2)').attr('class'), $('p').html(), $('.apple').data('n'));
console.log($.html(), $('li').filter((_i, li) => $(li).text().length > 4).length, $.extract({ first: 'li', all: ['li'] }));
console.log(cheerio.load('<a><b/>t</a>', { xml: true }).xml());
