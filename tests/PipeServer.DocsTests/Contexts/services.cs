using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

var services = new ServiceCollection();
// The block stands here.
using var provider = services.BuildServiceProvider();
