package httpapi

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts and times requests by route template, status and code: labels of
// which there are few, and none that says anything of a person.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kapok_http_requests_total",
			Help: "Requests answered, by method, route template, status and problem code.",
		}, []string{"method", "route", "status", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "kapok_http_request_duration_seconds",
			Help:    "Time from the request's headers to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kapok_http_requests_in_flight",
			Help: "Requests being served now.",
		}),
	}
	for _, collector := range []prometheus.Collector{m.requests, m.seconds, m.inFlight} {
		if err := registry.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) measure(c *gin.Context) {
	started := time.Now()
	m.inFlight.Inc()
	defer func() {
		m.inFlight.Dec()
		code, template := "", route(c)
		if failure := visitOf(c).failure; failure != nil {
			code = failure.Code
		}
		m.requests.WithLabelValues(method(c.Request.Method), template, strconv.Itoa(c.Writer.Status()), code).Inc()
		m.seconds.WithLabelValues(template).Observe(time.Since(started).Seconds())
	}()
	c.Next()
}

// exposition serves the registry as text.
func exposition(registry *prometheus.Registry) gin.HandlerFunc {
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry})
	return func(c *gin.Context) {
		handler.ServeHTTP(c.Writer, c.Request)
	}
}
