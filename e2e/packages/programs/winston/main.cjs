const winston = require('winston');
const { combine, json, label, printf, splat } = winston.format;
const log = winston.createLogger({
  level: 'verbose',
  format: combine(label({ label: 'app' }), splat()),
  transports: [
    new winston.transports.Console({ format: printf(({ level, message, label: name }) => `${name} ${level}: ${message}`) }),
    new winston.transports.File({ filename: 'winston.log', format: json() }),
  ],
});
log.info('hello %s', 'there', { extra: 1 });
log.verbose('seen');
log.debug('unseen');
log.child({ requestId: 7 }).error('child');
log.end();
log.on('finish', () =>
  setTimeout(() => console.log(require('node:fs').readFileSync('winston.log', 'utf8')), 200),
);
