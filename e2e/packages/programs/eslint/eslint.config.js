module.exports = [
  { files: ['*.js'], rules: { 'no-unused-vars': 'error', 'prefer-const': 'warn', eqeqeq: 'error', 'no-undef': 'error' }, languageOptions: { globals: { console: 'readonly', module: 'writable' } } },
];
