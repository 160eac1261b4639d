// SPDX-License-Identifier: MPL-2.0
// Writes dashboards/*.json: npm ci && node make.mjs [FOLDER]. A panel is one row of the tables in boards.mjs; how it
// looks in JSON is decided here alone.
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import {boards} from './boards.mjs';

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), 'dashboards');
const datasource = {type: 'prometheus', uid: '${datasource}'};
// Grafana 10 to 13 read it; older servers are what small institutions run.
const schemaVersion = 39;
const width = 24;
const lastValue = () => new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']);
const all = {selected: true, text: ['All'], value: ['$__all']};

function variable(name, label, metric, more = '') {
  const matchers = `job=~"$job",instance=~"$instance"${more}`;
  const of = {job: `label_values(${metric}, job)`, instance: `label_values(${metric}{job=~"$job"}, instance)`};
  const query = of[name] ?? `label_values(${metric}{${matchers}}, ${name})`;
  return new dashboard.QueryVariableBuilder(name).label(label).datasource(datasource)
      .query({query, refId: `Variable-${name}`}).definition(query)
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged).sort(dashboard.VariableSort.AlphabeticalAsc)
      .multi(true).includeAll(true).allValue('.+').current(all);
}

const variables = {
  job: () => variable('job', 'Job', 'smsbridge_build_info'),
  instance: () => variable('instance', 'Instance', 'smsbridge_build_info'),
  gateway: () => variable('gateway', 'Gateway', 'smsbridge_gateway_up'),
  tenant: () => variable('tenant', 'Tenant', 'smsbridge_queue_messages'),
};

const kinds = {
  stat: () => new stat.PanelBuilder().reduceOptions(lastValue()).colorMode(common.BigValueColorMode.Value)
      .graphMode(common.BigValueGraphMode.Area).span(4).height(4),
  bargauge: () => new bargauge.PanelBuilder().reduceOptions(lastValue()).orientation(common.VizOrientation.Horizontal)
      .displayMode(common.BarGaugeDisplayMode.Basic).min(0).span(8).height(8),
  heatmap: () => new heatmap.PanelBuilder().calculate(false).yAxis(new heatmap.YAxisConfigBuilder().unit('s')).hideLegend().span(12).height(8),
  table: () => new table.PanelBuilder().span(12).height(8),
  states: () => new statetimeline.PanelBuilder().mergeValues(true).showValue(common.VisibilityMode.Never).span(24).height(6)
      .mappings([{type: 'value', options: {0: {text: 'down', color: 'red', index: 0}, 1: {text: 'up', color: 'green', index: 1}}}]),
  timeseries: () => new timeseries.PanelBuilder().lineWidth(1).fillOpacity(10).showPoints(common.VisibilityMode.Never).axisSoftMin(0)
      .legend(new common.VizLegendOptionsBuilder().displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom).showLegend(true))
      .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending)).span(8).height(8),
};

// {bad} or {warn, bad}: from which value on the colour changes.
function thresholds({warn, bad}) {
  const steps = [{value: null, color: 'green'}, ...(warn === undefined ? [] : [{value: warn, color: 'orange'}]), {value: bad, color: 'red'}];
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps(steps);
}

function targetsOf(kind, queries) {
  return Object.entries(queries).map(([legend, expr], at) => {
    const target = new prometheus.DataqueryBuilder().datasource(datasource).expr(expr).refId(String.fromCharCode(65 + at)).legendFormat(kind === 'table' ? '' : legend);
    if (kind === 'table') return target.instant().format(prometheus.PromQueryFormat.Table);
    if (kind === 'stat' || kind === 'bargauge') return target.instant();
    return kind === 'heatmap' ? target.range().format(prometheus.PromQueryFormat.Heatmap) : target.range();
  });
}

function panel({title, kind = 'timeseries', unit, description, queries, colours, columns, max}) {
  const made = kinds[kind]().title(title).description(description).datasource(datasource).targets(targetsOf(kind, queries));
  if (unit) made.unit(unit);
  if (max !== undefined) made.max(max);
  if (colours) made.thresholds(thresholds(colours));
  if (colours && kind === 'bargauge') made.colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds));
  if (kind === 'table') {
    // Queries of a table become its columns, one row for each set of labels.
    const names = Object.keys(queries);
    const renameByName = names.length === 1 ? {Value: names[0]} : Object.fromEntries(names.map((name, at) => [`Value #${String.fromCharCode(65 + at)}`, name]));
    made.transformations([{id: 'merge', options: {}}, {id: 'organize', options: {excludeByName: {Time: true, ...columns?.without}, renameByName}}]);
    for (const [name, unit] of Object.entries(columns?.units ?? {})) made.overrideByName(name, [{id: 'unit', value: unit}]);
  }
  return made;
}

// Side by side as long as there is room, each line as high as its highest panel. The ids are the places, so that the
// files change only where a panel does.
function place(panels) {
  let x = 0, y = 0, height = 0;
  panels.forEach((one, at) => {
    const {w, h} = one.gridPos;
    if (x + w > width || one.type === 'row') {
      x = 0;
      y += height;
      height = 0;
    }
    Object.assign(one, {id: at + 1, gridPos: {x, y, w, h}});
    x += w;
    height = Math.max(height, h);
  });
}

function board({uid, title, description, filters, rows}) {
  const builder = new dashboard.DashboardBuilder(title).uid(uid).description(description).tags(['smsbridge']).readonly()
      .refresh('30s').time({from: 'now-6h', to: 'now'}).timezone('browser').tooltip(dashboard.DashboardCursorSync.Crosshair)
      .link(new dashboard.DashboardLinkBuilder('SMS bridge').type(dashboard.DashboardLinkType.Dashboards).tags(['smsbridge']).asDropdown(false).includeVars(true).keepTime(true))
      .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus').current({selected: true, text: 'default', value: 'default'}));
  for (const name of ['job', 'instance', ...filters]) builder.withVariable(variables[name]());
  for (const [name, panels] of Object.entries(rows)) {
    builder.withRow(new dashboard.RowBuilder(name));
    for (const one of panels) builder.withPanel(panel(one));
  }
  const made = builder.build();
  place(made.panels);
  return {...made, schemaVersion, version: 1};
}

mkdirSync(folder, {recursive: true});
for (const one of boards) writeFileSync(join(folder, `${one.uid}.json`), `${JSON.stringify(board(one), null, 2)}\n`);
