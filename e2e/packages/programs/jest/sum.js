module.exports = { sum: (a, b) => a + b, load: () => require('node:fs').existsSync('package.json') };
