using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using PipeServer.Hosting.Configuration;

namespace PipeServer.AspNetCore;

/// <summary>Binds the options from a configuration, without reflection, so that applications can be published with Native AOT.</summary>
/// <param name="section">What to read.</param>
internal sealed class PipeServerOptionsSetup(IConfigurationSection section) : IConfigureOptions<PipeServerOptions>
{
    private static readonly OptionTable<PipeServerOptions> Table = new OptionTable<PipeServerOptions>("PipeServerOptions")
        .Section(nameof(PipeServerOptions.Server), static (options, section) => HttpServerOptionsBinder.Bind(options.Server, section))
        .Value(nameof(PipeServerOptions.Dispatch), OptionText.Enumeration<Dispatch>, static (options, value) => options.Dispatch = value)
        .Value(nameof(PipeServerOptions.AllowSynchronousIO), OptionText.Boolean, static (options, value) => options.AllowSynchronousIO = value)
        .Value(nameof(PipeServerOptions.CertificatePath), OptionText.Text, static (options, value) => options.CertificatePath = value)
        .Value(nameof(PipeServerOptions.CertificateKeyPath), OptionText.Text, static (options, value) => options.CertificateKeyPath = value)
        .Value(nameof(PipeServerOptions.CertificatePassword), OptionText.Text, static (options, value) => options.CertificatePassword = value)
        .InCode(nameof(PipeServerOptions.Certificate));

    /// <exception cref="OptionsValidationException">There is something that no option takes; all of it is named.</exception>
    public void Configure(PipeServerOptions options)
    {
        var problems = Table.Bind(options, section);
        if (problems.Count > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(PipeServerOptions), problems);
        }
    }
}
