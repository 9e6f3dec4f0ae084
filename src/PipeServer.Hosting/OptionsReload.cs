using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace PipeServer.Hosting;

/// <summary>
/// Puts options in force that the configuration has got while the server runs. Whatever is wrong with them is logged, and the server goes on with those
/// that it has: not by <see cref="IOptionsMonitor{TOptions}"/>, which throws it at whoever has changed the configuration.
/// </summary>
internal sealed class OptionsReload : IDisposable
{
    private readonly HttpServer _server;
    private readonly OptionsSource _source;
    private readonly IOptionsFactory<HttpServerOptions> _factory;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly Lock _lock = new();
    private readonly IDisposable? _registration;
    private string _read;

    public OptionsReload(
        HttpServer server, OptionsSource source, IOptionsFactory<HttpServerOptions> factory, ILogger logger, CancellationToken stopping)
    {
        (_server, _source, _factory, _logger, _stopping, _read) = (server, source, factory, logger, stopping, source.Read());
        _registration = source.Section is { } section ? ChangeToken.OnChange(section.GetReloadToken, Reload) : null;
    }

    public void Dispose() => _registration?.Dispose();

    private void Reload()
    {
        lock (_lock)
        {
            // Told of a change anywhere in the configuration, and of one file more than once.
            var read = _source.Read();
            if (read == _read || _stopping.IsCancellationRequested)
            {
                return;
            }

            _read = read;
            try
            {
                var left = _server.Reload(_factory.Create(Options.DefaultName));
                if (left.Count == 0)
                {
                    Log.Reloaded(_logger);
                }
                else
                {
                    Log.ReloadedInPart(_logger, string.Join(", ", left));
                }
            }
#pragma warning disable CA1031 // What configures options is the program's code, and whoever has changed the configuration cannot help it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.NotReloaded(_logger, exception.Message.ReplaceLineEndings(" "));
            }
        }
    }
}
