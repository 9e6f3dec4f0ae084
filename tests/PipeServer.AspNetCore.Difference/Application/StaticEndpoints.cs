using Microsoft.Extensions.FileProviders;

namespace Difference.Application;

/// <summary>The files of a folder.</summary>
internal static class StaticEndpoints
{
    public static void Use(WebApplication application, SiteFolder site)
    {
        application.UseDefaultFiles();
        application.UseStaticFiles();
        application.UseFileServer(new FileServerOptions
        {
            FileProvider = new PhysicalFileProvider(site.WebRoot),
            RequestPath = "/browse",
            EnableDirectoryBrowsing = false,
            StaticFileOptions =
            {
                ServeUnknownFileTypes = true,
                OnPrepareResponse = static prepared => prepared.Context.Response.Headers.CacheControl = "public, max-age=60",
            },
        });
    }
}
