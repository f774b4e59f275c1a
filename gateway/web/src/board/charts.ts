import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent, AriaComponent } from 'echarts/components'
import { init, use, type ECharts, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { onMounted, onUnmounted, watch, type Ref } from 'vue'

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, AriaComponent, CanvasRenderer])

/**
 * Draws what options say into a place, again whenever they change. Tooltips are drawn on the
 * canvas: as HTML they would want inline styles, which the policy of the page forbids.
 */
export function useChart(place: Ref<HTMLElement | undefined>, options: () => EChartsCoreOption, click?: (name: string) => void) {
  let chart: ECharts | undefined
  const draw = () => chart?.setOption({ aria: { enabled: true }, ...options(), tooltip: { trigger: 'axis', renderMode: 'richText', confine: true } }, true)
  const resize = new ResizeObserver(() => chart?.resize())
  onMounted(() => {
    chart = init(place.value!)
    chart.on('click', (event) => click?.(String(event.name)))
    resize.observe(place.value!)
    draw()
  })
  onUnmounted(() => { resize.disconnect(); chart?.dispose() })
  watch(options, draw, { deep: true })
  return { png: (background: string) => chart?.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: background }) }
}
