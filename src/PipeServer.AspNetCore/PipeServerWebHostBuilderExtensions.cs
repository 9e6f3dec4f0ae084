using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using PipeServer.AspNetCore;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Puts PipeServer in the place of Kestrel.</summary>
public static class PipeServerWebHostBuilderExtensions
{
    /// <summary>The configuration section that <see cref="PipeServerOptions"/> are bound from.</summary>
    private const string Section = "PipeServer";

    /// <summary>
    /// Serves the application by PipeServer: <c>builder.WebHost.UsePipeServer()</c>. It listens where the host says (<c>--urls</c>,
    /// <c>ASPNETCORE_URLS</c>, <c>UseUrls</c>), at <c>http://localhost:5000</c> where that says nothing.
    /// </summary>
    /// <remarks>
    /// <see cref="PipeServerInstance"/> can be injected then, for the running server and its report at the end. A key of the configuration section that no
    /// option has is an error at the start.
    /// </remarks>
    /// <param name="builder">The host's builder.</param>
    /// <param name="configure">Changes the options, after configuration; null for nothing.</param>
    /// <returns>The same builder.</returns>
    public static IWebHostBuilder UsePipeServer(this IWebHostBuilder builder, Action<PipeServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices((context, services) =>
        {
            services.AddSingleton<IConfigureOptions<PipeServerOptions>>(new PipeServerOptionsSetup(context.Configuration.GetSection(Section)));
            if (configure is not null)
            {
                services.Configure(configure);
            }

            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PipeServerOptions>, PipeServerOptionsRules>());
            services.TryAddSingleton<PipeServerInstance>();
            services.RemoveAll<IServer>();
            services.AddSingleton<IServer, HostedPipeServer>();
        });
    }
}
