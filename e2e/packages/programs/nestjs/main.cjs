require('reflect-metadata');
const { Controller, Get, Injectable, Module, NotFoundException, Param, ParseIntPipe } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const decorate = (decorators, target, key, descriptor) => Reflect.decorate(decorators, target, key, descriptor);
class Cats {
  find(id) {
    if (id > 2) throw new NotFoundException(`no cat ${id}`);
    return { id, name: ['', 'Tom', 'Kit'][id] };
  }
}
decorate([Injectable()], Cats);
class CatsController {
  constructor(cats) {
    this.cats = cats;
  }
  one(id) {
    return this.cats.find(id);
  }
}
Reflect.defineMetadata('design:paramtypes', [Cats], CatsController);
Reflect.defineMetadata('design:paramtypes', [Number], CatsController.prototype, 'one');
Param('id', ParseIntPipe)(CatsController.prototype, 'one', 0);
decorate([Get(':id')], CatsController.prototype, 'one', Object.getOwnPropertyDescriptor(CatsController.prototype, 'one'));
decorate([Controller('cats')], CatsController);
class AppModule {}
decorate([Module({ controllers: [CatsController], providers: [Cats] })], AppModule);
(async () => {
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0);
  const base = await app.getUrl();
  for (const path of ['/cats/1', '/cats/9', '/cats/x', '/dogs']) {
    const response = await fetch(base.replace('[::1]', 'localhost') + path);
    console.log(path, response.status, await response.text());
  }
  await app.close();
})();
