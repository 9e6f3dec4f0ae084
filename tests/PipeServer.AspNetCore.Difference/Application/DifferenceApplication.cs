using System.IO.Compression;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.ResponseCompression;

namespace Difference.Application;

/// <summary>An application that uses what ASP.NET Core has, made alike for each server.</summary>
internal static class DifferenceApplication
{
    /// <summary>The largest body of a request; those that upload more raise it for themselves.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    public static WebApplication Create(Action<IWebHostBuilder> server, SiteFolder site)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(DifferenceApplication).Assembly.GetName().Name,
            EnvironmentName = Environments.Production,
            ContentRootPath = site.Root,
            WebRootPath = site.WebRoot,
        });
        builder.Logging.ClearProviders();
        server(builder.WebHost);
        builder.WebHost.UseUrls("http://127.0.0.1:0", "https://127.0.0.1:0");
        AddServices(builder.Services);
        SecurityEndpoints.AddServices(builder.Services);
        CachingEndpoints.AddServices(builder.Services);
        LiveEndpoints.AddServices(builder.Services);
        var application = builder.Build();
        Use(application, site);
        Map(application, site);
        return application;
    }

    private static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<RequestLog>();
        services.AddProblemDetails();
        services.AddControllers();
        services.AddRazorPages();
        services.AddValidation();
        services.AddOpenApi();
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddResponseCompression(static options =>
        {
            options.EnableForHttps = true;
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<BrotliCompressionProviderOptions>(static options => options.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(static options => options.Level = CompressionLevel.Fastest);
    }

    private static void Use(WebApplication application, SiteFolder site)
    {
        ErrorEndpoints.Use(application);
        application.UseResponseCompression();
        StaticEndpoints.Use(application, site);
        application.UseRouting();
        application.UseCors();
        application.UseAuthentication();
        application.UseAuthorization();
        application.UseAntiforgery();
        application.UseRateLimiter();
        application.UseOutputCache();
        application.UseWebSockets();
        application.Map("/based", static branch => branch.Run(RequestDescription.WriteAsync));
    }

    private static void Map(WebApplication application, SiteFolder site)
    {
        application.MapGet("/alive", static () => "alive");
        application.MapControllers();
        application.MapRazorPages();
        application.MapOpenApi();
        SeenEndpoints.Map(application);
        BindingEndpoints.Map(application);
        ResultEndpoints.Map(application, site);
        HeaderEndpoints.Map(application);
        BodyEndpoints.Map(application);
        WritingEndpoints.Map(application, site);
        ErrorEndpoints.Map(application);
        HookEndpoints.Map(application);
        SecurityEndpoints.Map(application);
        CachingEndpoints.Map(application);
        LiveEndpoints.Map(application);
    }
}
