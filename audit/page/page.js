'use strict';
(function () {
  var D = JSON.parse(document.getElementById('data').textContent);
  if (!D.cells) return;
  var W = D.words, SVG = 'http://www.w3.org/2000/svg';
  var $ = function (id) { return document.getElementById(id); };
  var number = function (digits) { return new Intl.NumberFormat(D.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }); };
  var n0 = number(0), n1 = number(1);
  var pct = function (x) { return n1.format(100 * x) + ' %'; };
  var signed = function (x) { return (x > 0 ? '+' : x < 0 ? '−' : '±') + n1.format(Math.abs(x)); };
  var dateForm = new Intl.DateTimeFormat(D.lang, D.monthly ? { month: 'long', year: 'numeric', timeZone: 'UTC' } : { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
  var shortForm = new Intl.DateTimeFormat(D.lang, D.monthly ? { month: 'short', timeZone: 'UTC' } : { day: 'numeric', month: 'short', timeZone: 'UTC' });
  var day = function (w) { return dateForm.format(new Date(D.weeks[w] + 'T00:00:00Z')); };
  var shortDay = function (w) { return shortForm.format(new Date(D.weeks[w] + 'T00:00:00Z')); };

  // ---- what is chosen, kept in the address so that it can be passed on
  var selects = ['team', 'client', 'lang'], names = { team: D.teams, client: D.clients, lang: D.langs };
  var state = { from: 0, to: D.weeks.length - 1, team: -1, client: -1, lang: -1 };
  function readHash() {
    var q = new URLSearchParams(location.hash.slice(1));
    var at = function (list, v, none) { var i = v === null ? -1 : list.indexOf(v); return i < 0 ? none : i; };
    state.from = at(D.weeks, q.get('from'), 0);
    state.to = at(D.weeks, q.get('to'), D.weeks.length - 1);
    if (state.to < state.from) state.to = state.from;
    selects.forEach(function (s) { state[s] = at(names[s], q.get(s), -1); });
  }
  function writeHash() {
    var q = new URLSearchParams();
    if (state.from > 0) q.set('from', D.weeks[state.from]);
    if (state.to < D.weeks.length - 1) q.set('to', D.weeks[state.to]);
    selects.forEach(function (s) { if (state[s] >= 0) q.set(s, names[s][state[s]]); });
    var h = q.toString();
    history.replaceState(null, '', h ? '#' + h : location.pathname + location.search);
  }

  // Cells as pack in page.go writes them: five bits a digit, the sixth says that there are more.
  var cells = (function () {
    var digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', of = {}, at = 0, all = [], week = 0;
    for (var i = 0; i < 64; i++) of[digits[i]] = i;
    function next() {
      for (var n = 0, shift = 0; ; shift += 5) {
        var d = of[D.cells[at++]];
        n += (d & 31) * Math.pow(2, shift);
        if (d < 32) return n;
      }
    }
    while (at < D.cells.length) {
      week += next();
      var c = [week, next(), next(), next(), next(), next(), 0, next(), next()], rule = 0;
      c[6] = c[4] - c[7] - c[8];
      for (var k = next(); k > 0; k--) { rule += next(); c.push(rule, next()); }
      all.push(c);
    }
    return all;
  })();

  // ---- sums
  function sums() { return { n: 0, score: 0, v: [0, 0, 0], rules: new Array(D.rules.length).fill(0) }; }
  function add(s, c) {
    s.n += c[4]; s.score += c[5]; s.v[0] += c[6]; s.v[1] += c[7]; s.v[2] += c[8];
    for (var i = 9; i < c.length; i += 2) s.rules[c[i]] += c[i + 1];
  }
  function collect() {
    var weeks = [], a = { all: sums(), first: sums(), second: sums(), teams: new Map(), clients: new Map() };
    for (var w = state.from; w <= state.to; w++) weeks.push(sums());
    var half = state.from + Math.floor((state.to - state.from + 1) / 2);
    var by = function (map, key, c) {
      if (!map.has(key)) map.set(key, { name: key, all: sums(), first: sums(), second: sums() });
      var g = map.get(key);
      add(g.all, c);
      add(c[0] < half ? g.first : g.second, c);
    };
    cells.forEach(function (c) {
      if (c[0] < state.from || c[0] > state.to || state.team >= 0 && c[1] !== state.team || state.client >= 0 && c[2] !== state.client || state.lang >= 0 && c[3] !== state.lang) return;
      add(a.all, c);
      add(weeks[c[0] - state.from], c);
      add(c[0] < half ? a.first : a.second, c);
      by(a.teams, c[1], c);
      by(a.clients, c[2], c);
    });
    if (state.from === state.to) a.first = sums(); // one week has no halves
    a.weeks = weeks;
    return a;
  }
  var mean = function (s) { return s.n ? s.score / s.n : 0; };
  var share = function (k, s) { return s.n ? k / s.n : 0; };
  // The two-proportion z-test with a pooled estimate, at one in a hundred.
  function sure(k1, n1, k2, n2) {
    var k = k1 + k2, n = n1 + n2;
    if (!n1 || !n2 || k < 5 || n - k < 5) return false;
    var p = k / n;
    return Math.abs(k1 / n1 - k2 / n2) > 2.576 * Math.sqrt(p * (1 - p) * (1 / n1 + 1 / n2));
  }
  // Weeks put together so that there are at most so many.
  function bins(weeks, most) {
    var step = Math.max(1, Math.ceil(weeks.length / most)), all = [];
    for (var i = 0; i < weeks.length; i += step) {
      var b = { from: state.from + i, to: state.from + Math.min(i + step, weeks.length) - 1, s: sums() };
      for (var k = i; k < Math.min(i + step, weeks.length); k++) {
        var x = weeks[k];
        b.s.n += x.n; b.s.score += x.score;
        for (var v = 0; v < 3; v++) b.s.v[v] += x.v[v];
        for (var r = 0; r < D.rules.length; r++) b.s.rules[r] += x.rules[r];
      }
      all.push(b);
    }
    return all;
  }
  function binName(b) {
    if (D.monthly) return b.from === b.to ? day(b.from) : day(b.from) + ' – ' + day(b.to);
    return W.week + ' ' + day(b.from) + (b.from === b.to ? '' : ' – ' + day(b.to));
  }

  // ---- elements
  function el(tag, attrs, parent, text) {
    var e = document.createElement(tag);
    for (var k in attrs) e.setAttribute(k, attrs[k]);
    if (text !== undefined) e.textContent = text;
    if (parent) parent.appendChild(e);
    return e;
  }
  function sv(tag, attrs, parent, text) {
    var e = document.createElementNS(SVG, tag);
    for (var k in attrs) e.setAttribute(k, attrs[k]);
    if (text !== undefined) e.textContent = text;
    if (parent) parent.appendChild(e);
    return e;
  }
  function chart(id, height, desc) {
    var f = $(id);
    f.textContent = '';
    var w = Math.max(260, Math.floor(f.clientWidth));
    var svg = sv('svg', { viewBox: '0 0 ' + w + ' ' + height, role: 'group', 'aria-labelledby': 'h-' + id, 'aria-describedby': id + '-desc', 'data-width': w }, f);
    sv('desc', { id: id + '-desc' }, svg, desc);
    return { svg: svg, w: w };
  }
  function nothing(id) { var f = $(id); f.textContent = ''; el('p', { 'class': 'nothing' }, f, W.none); $(id + '-table').textContent = ''; }

  // ---- tooltips: for the mouse, the finger and the keyboard
  var tip = $('tip');
  tip.setAttribute('aria-hidden', 'true'); // what it says is the element's own label
  function showTip(target) {
    var lines = target.getAttribute('aria-label').split('\n');
    tip.textContent = '';
    lines.forEach(function (l, i) { el(i ? 'span' : 'b', {}, tip, l); });
    tip.hidden = false;
    var r = target.getBoundingClientRect(), t = tip.getBoundingClientRect();
    var x = Math.min(Math.max(8, r.left + r.width / 2 - t.width / 2), document.documentElement.clientWidth - t.width - 8);
    var y = r.top - t.height - 8;
    if (y < 8) y = Math.min(r.bottom + 8, window.innerHeight - t.height - 8);
    tip.style.left = x + 'px';
    tip.style.top = y + 'px';
  }
  function hideTip() { tip.hidden = true; }
  ['mouseover', 'focusin', 'touchstart'].forEach(function (e) {
    document.addEventListener(e, function (ev) {
      var t = ev.target.closest && ev.target.closest('[data-tip]');
      if (t) showTip(t); else hideTip();
    }, { passive: true });
  });
  document.addEventListener('focusout', hideTip);
  document.addEventListener('scroll', hideTip, { passive: true });
  document.addEventListener('keydown', function (e) { if (e.key === 'Escape') hideTip(); });
  // One element of a chart is in the order of tabs, the arrows go to the others.
  function roving(svg, rows) {
    var at = [0, 0];
    rows.forEach(function (row, y) { row.forEach(function (e, x) {
      e.setAttribute('tabindex', x === 0 && y === 0 ? '0' : '-1');
      e.setAttribute('data-tip', '');
      e.addEventListener('focus', function () {
        rows[at[1]][at[0]].setAttribute('tabindex', '-1');
        at = [x, y];
        e.setAttribute('tabindex', '0');
      });
    }); });
    svg.addEventListener('keydown', function (e) {
      var d = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
      var x = at[0], y = at[1];
      if (e.key === 'Home') x = 0;
      else if (e.key === 'End') x = rows[y].length - 1;
      else if (d) { x += d[0]; y += d[1]; } else return;
      e.preventDefault();
      y = Math.min(Math.max(0, y), rows.length - 1);
      x = Math.min(Math.max(0, x), rows[y].length - 1);
      rows[y][x].focus();
    });
  }
  // Labels of the time axis, as many as there is room for.
  function timeAxis(svg, list, x, step, y, room) {
    var every = Math.max(1, Math.ceil(58 / step));
    list.forEach(function (b, i) {
      if (i % every) return;
      var at = x + (i + 0.5) * step;
      var edge = at < x + 20 ? '' : at > x + room - 20 ? 'end' : 'middle';
      sv('text', { x: edge === 'end' ? x + room : edge ? at : x, y: y, 'class': edge }, svg, shortDay(b.from));
    });
  }
  function yAxis(svg, x, right, low, high, scale, unit) {
    var ticks = 4, raw = (high - low) / ticks;
    var step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 100000].find(function (s) { return s >= raw; }) || Math.ceil(raw);
    for (var v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) {
      sv('line', { x1: x, x2: right, y1: scale(v), y2: scale(v), 'class': 'grid' }, svg);
      sv('text', { x: x - 8, y: scale(v) + 4, 'class': 'end' }, svg, n0.format(v) + unit);
    }
  }

  // ---- tables
  function table(id, caption, heads, rows) {
    var box = $(id);
    box.textContent = '';
    var t = el('table', {}, box);
    el('caption', {}, t, caption);
    var tr = el('tr', {}, el('thead', {}, t));
    heads.forEach(function (h) { el('th', { scope: 'col' }, tr, h); });
    var body = el('tbody', {}, t);
    rows.forEach(function (r) {
      var row = el('tr', {}, body);
      r.forEach(function (c, i) { el(i ? 'td' : 'th', i ? {} : { scope: 'row' }, row, c); });
    });
  }
  var sorts = { teams: [1, -1], clients: [1, -1] };
  function groupTable(id, caption, groups, list) {
    var box = $(id);
    if (!box) return;
    var cols = [
      [W.name, function (g) { return list[g.name]; }, function (g) { return list[g.name]; }],
      [W.emails, function (g) { return g.all.n; }, function (g) { return n0.format(g.all.n); }],
      [W.score, function (g) { return mean(g.all); }, function (g) { return n1.format(mean(g.all)); }],
      [W.change, function (g) { return g.first.n && g.second.n ? mean(g.second) - mean(g.first) : 0; }, function (g) { return g.first.n && g.second.n ? signed(mean(g.second) - mean(g.first)) : '–'; }],
      [W.send, function (g) { return share(g.all.v[0], g.all); }, function (g) { return pct(share(g.all.v[0], g.all)); }],
      [W.revise, function (g) { return share(g.all.v[1], g.all); }, function (g) { return pct(share(g.all.v[1], g.all)); }],
      [W.talk, function (g) { return share(g.all.v[2], g.all); }, function (g) { return pct(share(g.all.v[2], g.all)); }]
    ];
    var draw = function () {
      var s = sorts[id];
      var rows = Array.from(groups.values()).sort(function (a, b) {
        var x = cols[s[0]][1](a), y = cols[s[0]][1](b);
        return s[1] * (typeof x === 'string' ? x.localeCompare(y, D.lang) : x - y) || a.name - b.name;
      });
      table(id, caption, cols.map(function (c) { return c[0]; }), rows.map(function (g) { return cols.map(function (c) { return c[2](g); }); }));
      Array.from(box.querySelectorAll('thead th')).forEach(function (th, i) {
        th.textContent = '';
        if (i === s[0]) th.setAttribute('aria-sort', s[1] > 0 ? 'ascending' : 'descending');
        var b = el('button', { type: 'button', 'aria-label': W.sort + ' ' + cols[i][0] }, th, cols[i][0]);
        b.addEventListener('click', function () {
          sorts[id] = [i, s[0] === i ? -s[1] : i ? -1 : 1];
          draw();
          box.querySelectorAll('thead button')[i].focus();
        });
      });
    };
    draw();
  }

  // ---- the charts
  function tiles(a) {
    var box = $('tiles');
    box.textContent = '';
    var halves = a.first.n && a.second.n;
    var tile = function (name, value, sub, cls) {
      var t = el('div', { 'class': 'tile' }, box);
      el('div', { 'class': 'name' }, t, name);
      el('div', { 'class': 'value' }, t, value);
      el('div', { 'class': 'sub ' + (cls || '') }, t, sub);
      return t;
    };
    var moved = function (by, isSure, up, unit) {
      if (!halves) return ['', ''];
      return [signed(by) + unit + ' ' + W.inSecond, isSure ? (by > 0 === up ? 'good' : 'bad') : 'still'];
    };
    tile(W.emails, n0.format(a.all.n), n0.format(a.weeks.length) + ' ' + (a.weeks.length === 1 ? (D.monthly ? W.month : W.weekHead) : D.monthly ? W.months : W.weeks));
    var m = moved(mean(a.second) - mean(a.first), a.first.n > 29 && a.second.n > 29 && Math.abs(mean(a.second) - mean(a.first)) > 2, true, '');
    tile(W.score, a.all.n ? n1.format(mean(a.all)) : '–', m[0], m[1]);
    var s = sure(a.first.v[0], a.first.n, a.second.v[0], a.second.n);
    m = moved(100 * (share(a.second.v[0], a.second) - share(a.first.v[0], a.first)), s, true, ' ' + W.points);
    tile(W.sendLong, a.all.n ? pct(share(a.all.v[0], a.all)) : '–', m[0], m[1]);
    s = sure(a.first.v[2], a.first.n, a.second.v[2], a.second.n);
    m = moved(100 * (share(a.second.v[2], a.second) - share(a.first.v[2], a.first)), s, false, ' ' + W.points);
    tile(W.talkLong, n0.format(a.all.v[2]), a.all.n ? pct(share(a.all.v[2], a.all)) + (m[0] ? ' · ' + m[0] : '') : '–', m[1]);
  }
  function figures(b) {
    var s = b.s;
    return binName(b) + '\n' + n0.format(s.n) + ' ' + (s.n === 1 ? W.email : W.emails) +
      (s.n ? '\n' + W.score + ' ' + n1.format(mean(s)) + '\n' + W.send + ' ' + pct(share(s.v[0], s)) + ', ' + W.revise + ' ' + pct(share(s.v[1], s)) + ', ' + W.talk + ' ' + pct(share(s.v[2], s)) : '');
  }
  function hits(svg, list, x, step, top, height) {
    roving(svg, [list.map(function (b, i) {
      return sv('rect', { x: x + i * step, y: top, width: step, height: height, 'class': 'hit', role: 'img', 'aria-label': figures(b) }, svg);
    })]);
  }
  function weekTable(id, list) {
    table(id, '', [D.monthly ? W.month : W.weekHead, W.emails, W.score, W.send, W.revise, W.talk], list.filter(function (b) { return b.s.n; }).map(function (b) {
      return [day(b.from) + (b.from === b.to ? '' : ' – ' + day(b.to)), n0.format(b.s.n), n1.format(mean(b.s)), n0.format(b.s.v[0]), n0.format(b.s.v[1]), n0.format(b.s.v[2])];
    }));
    $(id).querySelector('caption').remove();
  }
  function scoreChart(a, every) {
    var h = 230, c = chart('score', h, W.scoreDesc), left = 38, right = c.w - 6, bottom = h - 26;
    var list = bins(a.weeks, Math.floor((right - left) / 7)), step = (right - left) / list.length;
    var values = list.filter(function (b) { return b.s.n; }).map(function (b) { return mean(b.s); });
    var low = Math.max(0, Math.floor((Math.min.apply(null, values) - 4) / 10) * 10), high = Math.min(100, Math.ceil((Math.max.apply(null, values) + 4) / 10) * 10);
    var y = function (v) { return bottom - (v - low) / (high - low) * (bottom - 12); };
    yAxis(c.svg, left, right, low, high, y, '');
    var d = '', pen = false, dots = [];
    list.forEach(function (b, i) {
      if (!b.s.n) { pen = false; return; }
      var px = left + (i + 0.5) * step, py = y(mean(b.s));
      d += (pen ? 'L' : 'M') + px.toFixed(1) + ' ' + py.toFixed(1);
      pen = true;
      dots.push([px, py]);
    });
    sv('path', { d: d, 'class': 'line' }, c.svg);
    if (list.length <= 60) dots.forEach(function (p) { sv('circle', { cx: p[0], cy: p[1], r: list.length > 30 ? 2.4 : 3.2, 'class': 'dot' }, c.svg); });
    timeAxis(c.svg, list, left, step, h - 6, right - left);
    hits(c.svg, list, left, step, 0, bottom);
    weekTable('score-table', every);
  }
  function verdictChart(a, every) {
    var f = $('verdicts'), h = 230, c = chart('verdicts', h - 26, W.verdictDesc), left = 52, right = c.w - 6, top = 6, bottom = h - 52;
    var legend = el('ul', { 'class': 'legend' });
    [['send', W.sendLong], ['revise', W.reviseLong], ['talk', W.talkLong]].forEach(function (x) {
      var li = el('li', {}, legend);
      sv('rect', { width: 12, height: 12, rx: 3, 'class': x[0] }, sv('svg', { viewBox: '0 0 12 12', 'aria-hidden': 'true' }, li));
      li.appendChild(document.createTextNode(x[1]));
    });
    f.insertBefore(legend, f.firstChild);
    var list = bins(a.weeks, Math.floor((right - left) / 7)), step = (right - left) / list.length;
    yAxis(c.svg, left, right, 0, 100, function (v) { return bottom - v / 100 * (bottom - top); }, ' %');
    list.forEach(function (b, i) {
      var at = bottom;
      ['send', 'revise', 'talk'].forEach(function (k, v) {
        var part = share(b.s.v[v], b.s) * (bottom - top);
        if (part > 0) sv('rect', { x: left + i * step + Math.min(1, step / 8), y: at - part, width: step - 2 * Math.min(1, step / 8), height: part, 'class': k }, c.svg);
        at -= part;
      });
    });
    timeAxis(c.svg, list, left, step, h - 32, right - left);
    hits(c.svg, list, left, step, 0, bottom);
    weekTable('verdicts-table', every);
  }
  function talkChart(a, every) {
    var h = 190, c = chart('talk', h, W.talkDesc), left = 38, right = c.w - 6, bottom = h - 26;
    var list = bins(a.weeks, Math.floor((right - left) / 8)), step = (right - left) / list.length;
    var high = Math.max(4, Math.max.apply(null, list.map(function (b) { return b.s.v[2]; })) * 1.08);
    var y = function (v) { return bottom - v / high * (bottom - 10); };
    yAxis(c.svg, left, right, 0, high, y, '');
    list.forEach(function (b, i) {
      if (b.s.v[2]) sv('rect', { x: left + i * step + step * 0.12, y: y(b.s.v[2]), width: step * 0.76, height: bottom - y(b.s.v[2]), rx: Math.min(2, step / 6), 'class': 'talk' }, c.svg);
    });
    timeAxis(c.svg, list, left, step, h - 6, right - left);
    hits(c.svg, list, left, step, 0, bottom);
    table('talk-table', W.talkLong, [D.monthly ? W.month : W.weekHead, W.emails, W.talk, W.share], every.filter(function (b) { return b.s.n; }).map(function (b) {
      return [day(b.from), n0.format(b.s.n), n0.format(b.s.v[2]), pct(share(b.s.v[2], b.s))];
    }));
  }
  function topRules(a, most) {
    return D.rules.map(function (r, i) { return i; }).filter(function (i) { return a.all.rules[i]; }).sort(function (x, y) { return a.all.rules[y] - a.all.rules[x] || x - y; }).slice(0, most);
  }
  function fit(text, chars) { return text.length > chars ? text.slice(0, chars - 1) + '…' : text; }
  function rulesChart(a) {
    var order = topRules(a, 12), f = $('rules'), wide = f.clientWidth > 620, row = wide ? 32 : 46;
    var c = chart('rules', order.length * row + 24, W.rulesDesc), label = wide ? 235 : 0, left = label + 8, right = c.w - (wide ? 160 : 8);
    var high = 0;
    order.forEach(function (i) { high = Math.max(high, share(a.first.rules[i], a.first), share(a.second.rules[i], a.second), share(a.all.rules[i], a.all)); });
    var tick = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find(function (t) { return t * 5 >= high; }) || 0.25;
    high = Math.max(tick, Math.ceil(high / tick - 1e-9) * tick);
    var x = function (v) { return left + 8 + v / high * (right - left - 16); }, base = order.length * row + 4;
    for (var g = 0; g * tick <= high + 1e-9; g++) {
      if (wide) sv('line', { x1: x(g * tick), x2: x(g * tick), y1: 0, y2: base, 'class': 'grid' }, c.svg); // else they would run through the names
      sv('text', { x: x(g * tick), y: base + 16, 'class': (g + 0.5) * tick > high && !wide ? 'end' : g || wide ? 'middle' : '' }, c.svg, n0.format(100 * g * tick) + ' %');
    }
    var halves = a.first.n && a.second.n;
    roving(c.svg, order.map(function (i, at) {
      var p = share(a.first.rules[i], a.first), q = share(a.second.rules[i], a.second), all = share(a.all.rules[i], a.all);
      var y = at * row + (wide ? row / 2 : 32);
      var isSure = halves && sure(a.first.rules[i], a.first.n, a.second.rules[i], a.second.n), cls = isSure ? (q < p ? ' good' : ' bad') : '';
      sv('text', wide ? { x: label, y: y + 4.5, 'class': 'label end' } : { x: 0, y: at * row + 16, 'class': 'label' }, c.svg, fit(D.rules[i].title, wide ? 34 : 30));
      if (halves) {
        sv('line', { x1: x(p), x2: x(q), y1: y, y2: y, 'class': 'move' + cls }, c.svg);
        sv('circle', { cx: x(p), cy: y, r: 5, 'class': 'ring' + cls }, c.svg);
        sv('circle', { cx: x(q), cy: y, r: 6, 'class': 'point' + cls }, c.svg);
      } else sv('circle', { cx: x(all), cy: y, r: 6, 'class': 'point' }, c.svg);
      var text = halves ? pct(p) + ' → ' + pct(q) : pct(all);
      sv('text', { x: c.w - 2, y: wide ? y + 4.5 : at * row + 16, 'class': 'value end' + cls }, c.svg, text);
      var words = D.rules[i].title + '\n' + n0.format(a.all.rules[i]) + ' ' + W.of + ' ' + n0.format(a.all.n) + ' ' + W.emails + ', ' + pct(all);
      if (halves) words += '\n' + W.first + ' ' + pct(p) + ', ' + W.second + ' ' + pct(q) + '\n' + (isSure ? (q < p ? W.better : W.worse) + ': ' + W.sure : W.noChange);
      return [sv('rect', { x: 0, y: at * row + 1, width: c.w, height: row - 2, rx: 4, 'class': 'hit', role: 'img', 'aria-label': words }, c.svg)];
    }));
    table('rules-table', W.share, [W.rule, W.emails, W.share, W.first, W.second], topRules(a, 1000).map(function (i) {
      return [D.rules[i].title, n0.format(a.all.rules[i]), pct(share(a.all.rules[i], a.all)), halves ? pct(share(a.first.rules[i], a.first)) : '–', halves ? pct(share(a.second.rules[i], a.second)) : '–'];
    }));
  }
  function heatChart(a) {
    var order = topRules(a, 20), f = $('heat'), wide = f.clientWidth > 620, row = wide ? 24 : 38, gap = wide ? 0 : 15;
    var c = chart('heat', order.length * row + 22, W.heatDesc), left = wide ? 235 + 8 : 0, right = c.w;
    var list = bins(a.weeks, Math.floor((right - left) / (wide ? 9 : 8))), step = (right - left) / list.length, high = 0;
    order.forEach(function (i) { list.forEach(function (b) { if (b.s.n > 4 || list.length === 1) high = Math.max(high, share(b.s.rules[i], b.s)); }); });
    high = high || 1;
    roving(c.svg, order.map(function (i, at) {
      sv('text', wide ? { x: left - 8, y: at * row + 16, 'class': 'label end' } : { x: 0, y: at * row + 12, 'class': 'label' }, c.svg, fit(D.rules[i].title, wide ? 34 : 40));
      return list.map(function (b, k) {
        var v = share(b.s.rules[i], b.s), q = b.s.n ? (v ? 'q' + Math.max(1, Math.min(8, Math.ceil(v / high * 8))) : 'q0') : 'qx';
        return sv('rect', { x: left + k * step + 0.5, y: at * row + gap + 2, width: Math.max(1, step - 1), height: row - gap - 4, rx: Math.min(3, step / 5), 'class': 'heat ' + q, role: 'img',
          'aria-label': D.rules[i].title + '\n' + binName(b) + '\n' + (b.s.n ? n0.format(b.s.rules[i]) + ' ' + W.of + ' ' + n0.format(b.s.n) + ' ' + W.emails + ', ' + pct(v) : W.none) }, c.svg);
      });
    }));
    timeAxis(c.svg, list, left, step, order.length * row + 18, right - left);
    var legend = el('div', { 'class': 'scale', 'aria-hidden': 'true' });
    el('span', {}, legend, '0 %');
    var strip = sv('svg', { viewBox: '0 0 126 10' }, legend);
    for (var q = 0; q < 9; q++) sv('rect', { x: q * 14, width: 13, height: 10, rx: 2, 'class': 'q' + q }, strip);
    el('span', {}, legend, pct(high));
    f.insertBefore(legend, f.firstChild);
    var shown = bins(a.weeks, 26);
    table('heat-table', W.share, [W.rule].concat(shown.map(function (b) { return shortDay(b.from); })), order.map(function (i) {
      return [D.rules[i].title].concat(shown.map(function (b) { return b.s.n ? pct(share(b.s.rules[i], b.s)) : '–'; }));
    }));
  }

  // ---- all of it
  function draw() {
    hideTip();
    var a = collect(), every = bins(a.weeks, 1e9);
    var where = day(state.from) + ' – ' + day(state.to);
    if (!D.monthly && state.from === 0 && state.to === D.weeks.length - 1) where = dateForm.format(new Date(D.since + 'T00:00:00Z')) + ' – ' + dateForm.format(new Date(D.until + 'T00:00:00Z'));
    selects.forEach(function (s) { if (state[s] >= 0) where += ' · ' + (s === 'lang' ? W[D.langs[state[s]]] || D.langs[state[s]] : names[s][state[s]]); });
    $('period').textContent = where;
    tiles(a);
    if (!a.all.n) ['score', 'verdicts', 'rules', 'heat', 'talk'].forEach(nothing);
    else {
      scoreChart(a, every);
      verdictChart(a, every);
      if (topRules(a, 1).length) { rulesChart(a); heatChart(a); } else { nothing('rules'); nothing('heat'); }
      talkChart(a, every);
    }
    groupTable('teams', where, a.teams, D.teams);
    groupTable('clients', where, a.clients, D.clients);
    selects.forEach(function (s) { if ($(s)) $(s).value = state[s] < 0 ? '' : String(state[s]); });
    $('from').value = String(state.from);
    $('to').value = String(state.to);
    $('app').setAttribute('data-emails', a.all.n);
  }
  $('app').hidden = false;
  D.weeks.forEach(function (w, i) { el('option', { value: i }, $('from'), day(i)); el('option', { value: i }, $('to'), day(i)); });
  selects.forEach(function (s) {
    if ($(s)) names[s].forEach(function (n, i) { el('option', { value: i }, $(s), s === 'lang' ? W[n] || n : n); });
  });
  $('filters').addEventListener('submit', function (e) { e.preventDefault(); });
  $('filters').addEventListener('change', function (e) {
    var v = e.target.value === '' ? -1 : Number(e.target.value);
    state[e.target.id] = v;
    if (e.target.id === 'from' && state.to < v) state.to = v;
    if (e.target.id === 'to' && state.from > v) state.from = v;
    writeHash();
    draw();
  });
  $('reset').addEventListener('click', function () {
    state = { from: 0, to: D.weeks.length - 1, team: -1, client: -1, lang: -1 };
    writeHash();
    draw();
  });
  window.addEventListener('hashchange', function () { readHash(); draw(); });
  var width = 0, timer;
  window.addEventListener('resize', function () {
    if (window.innerWidth === width) return; // phones resize when the address bar goes
    width = window.innerWidth;
    clearTimeout(timer);
    timer = setTimeout(draw, 120);
  });
  readHash();
  draw();
})();
