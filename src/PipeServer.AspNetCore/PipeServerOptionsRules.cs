using Microsoft.Extensions.Options;

namespace PipeServer.AspNetCore;

/// <summary>What must hold of <see cref="PipeServerOptions"/>. The server's own options are checked by the server.</summary>
internal sealed class PipeServerOptionsRules : IValidateOptions<PipeServerOptions>
{
    public ValidateOptionsResult Validate(string? name, PipeServerOptions options)
    {
        var problems = new List<string>();
        if (!Enum.IsDefined(options.Dispatch))
        {
            problems.Add($"Dispatch is {(int)options.Dispatch}; it must be Worker, Inline or ThreadPool.");
        }

        if (options.Certificate is { HasPrivateKey: false })
        {
            problems.Add("Certificate has no private key, which https needs. Load it with its key, or set CertificatePath.");
        }

        if (options is { Certificate: not null, CertificatePath: not null })
        {
            problems.Add("Certificate and CertificatePath are both set. Leave one out.");
        }

        if (options.CertificatePath is null && (options.CertificateKeyPath ?? options.CertificatePassword) is not null)
        {
            var option = options.CertificateKeyPath is not null ? nameof(options.CertificateKeyPath) : nameof(options.CertificatePassword);
            problems.Add($"{option} is set without CertificatePath, whose key or password it is. Set CertificatePath, or leave {option} out.");
        }

        if (options is { CertificateKeyPath: not null, CertificatePassword: not null })
        {
            problems.Add("CertificateKeyPath is for a PEM file and CertificatePassword for PKCS#12. Leave one out.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems.Select(static problem => "PipeServer: " + problem));
    }
}
