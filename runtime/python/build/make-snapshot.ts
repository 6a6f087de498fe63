// Makes the memory snapshot of an interpreter. Runs in Node; what it makes is restored in browsers.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { loadPyodide as LoadPyodide } from 'pyodide';

/** The modules that programs import most, and all of ours: their import then costs nothing. */
const IMPORTED = `
import abc, argparse, asyncio, base64, bisect, collections, contextlib, copy, csv, dataclasses, datetime, decimal, enum, fractions
import functools, glob, hashlib, heapq, hmac, html, http.client, http.server, inspect, io, itertools, json, linecache, locale, logging
import math, operator, os, pathlib, pickle, pprint, queue, random, re, runpy, secrets, select, selectors, shlex, shutil, signal, socket
import socketserver, sqlite3, stat, statistics, string, struct, subprocess, sys, tempfile, textwrap, threading, time, traceback, types
import typing, unittest, urllib.parse, urllib.request, uuid, warnings, weakref, zipfile, zipimport, codeop, code, concurrent.futures.thread
import asyncio.unix_events, xml.etree.ElementTree, email.message, email.parser, site, zoneinfo
import _pyrepl.unix_console, _pyrepl.completing_reader, _pyrepl.historical_reader, _pyrepl._module_completer, rlcompleter
`;

const ownModules = globSync('_verklet/*.py', { cwd: path.join(path.dirname(import.meta.dirname), 'library') })
  .map((file) => `import ${file.replace(/\.py$/, '').replace('/__init__', '').replaceAll('/', '.')}`)
  .join('\n');

/** All of pip's commands: it imports them one by one when they are run. */
const PIP = `
import sys, pkgutil
sys.path.append('/lib/python3.14/pip.whl')
if not hasattr(pkgutil, 'ImpImporter'): pkgutil.ImpImporter = type('ImpImporter', (), {})
import pip._internal.cli.main, pip._internal.commands
for name in pip._internal.commands.commands_dict: pip._internal.commands.create_command(name)
import pip._vendor.rich.console, pip._internal.network.session, pip._internal.operations.install.wheel
import pip._internal.resolution.resolvelib.resolver, pip._internal.metadata.importlib
import csv, zipfile, compileall, concurrent.futures, xmlrpc.client, venv
`;

export interface Snapshot {
  readonly bytes: Uint8Array;
  /** The index that pip asks when nobody names another; empty without pip. */
  readonly defaultIndex: string;
}

/** `pipWheel` null: without pip. */
export async function makeSnapshot(pyodideFolder: string, pipWheel: string | null): Promise<Snapshot> {
  const { loadPyodide } = (await import(pathToFileURL(path.join(pyodideFolder, 'pyodide.mjs')).href)) as {
    loadPyodide: typeof LoadPyodide;
  };
  const options = {
    _makeSnapshot: true,
    env: { HOME: '/home/user', PYTHONINSPECT: '' },
    fsInit: (fs: Files) => installLibrary(fs, pipWheel),
  };
  const pyodide = await loadPyodide(options as Parameters<typeof LoadPyodide>[0]);
  // Before anything makes a lock.
  pyodide.runPython('import _verklet.locks');
  pyodide.runPython(`${IMPORTED}\n${ownModules}\n${pipWheel === null ? '' : PIP}`);
  const defaultIndex = pipWheel === null ? '' : String(pyodide.runPython('from pip._internal.models.index import PyPI; PyPI.simple_url'));
  // Nothing that is there now is ever garbage: a process's collections need not look at it.
  pyodide.runPython('import gc; gc.collect(); gc.freeze()');
  return { bytes: pyodide.makeMemorySnapshot(), defaultIndex };
}

interface Files {
  mkdirTree(path: string): void;
  writeFile(path: string, content: string | Uint8Array): void;
}

async function installLibrary(fs: Files, pipWheel: string | null): Promise<void> {
  if (pipWheel !== null) fs.writeFile('/lib/python3.14/pip.whl', readFileSync(pipWheel));
  const folder = path.join(path.dirname(import.meta.dirname), 'library');
  for (const file of globSync('**/*.py', { cwd: folder })) {
    const target = `/lib/python3.14/site-packages/${file}`;
    fs.mkdirTree(path.dirname(target));
    fs.writeFile(target, readFileSync(path.join(folder, file), 'utf8'));
  }
}
