using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Antiforgery;

namespace Difference.Application;

/// <summary>Who may: authentication, authorization, origins, forgery, rates.</summary>
internal static class SecurityEndpoints
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddAuthentication(KeyAuthentication.SchemeName).AddScheme<KeyAuthenticationOptions, KeyAuthentication>(KeyAuthentication.SchemeName, null);
        services.AddAuthorizationBuilder().AddPolicy("admin", static policy => policy.RequireRole("admin"));
        services.AddAntiforgery(static options => options.Cookie.Name = ".AspNetCore.Antiforgery");
        services.AddCors(static options =>
        {
            options.AddPolicy("one", static policy => policy.WithOrigins("https://friend.test").WithMethods("GET", "PUT").WithHeaders("X-One")
                .AllowCredentials().WithExposedHeaders("X-Shown").SetPreflightMaxAge(TimeSpan.FromMinutes(5)));
            options.AddPolicy("all", static policy => policy.AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod());
        });
        services.AddRateLimiter(static options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.OnRejected = static async (rejected, cancellation) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = "60";
                await rejected.HttpContext.Response.WriteAsync("too many", cancellation);
            };
            // A partition for each path and version: a request of the table stands for itself.
            options.AddPolicy("few", static context => RateLimitPartition.GetFixedWindowLimiter(
                $"{context.Request.Path} {context.Request.Protocol}",
                static _ => new FixedWindowRateLimiterOptions { PermitLimit = 2, Window = TimeSpan.FromHours(1) }));
        });
    }

    public static void Map(WebApplication application)
    {
        application.MapGet("/secure/user", static (HttpContext context) => $"user {context.User.Identity?.Name}").RequireAuthorization();
        application.MapGet("/secure/admin", static () => "admin").RequireAuthorization("admin");
        application.MapGet("/secure/optional", static (HttpContext context) => $"{context.User.Identity?.Name ?? "nobody"}");
        application.MapMethods("/cors/one", ["GET", "PUT"], static (HttpContext context) =>
        {
            context.Response.Headers["X-Shown"] = "shown";
            return "one";
        }).RequireCors("one");
        application.MapMethods("/cors/all", ["GET", "DELETE"], static () => "all").RequireCors("all");
        application.MapGet("/limited/{name}", static (string name) => name).RequireRateLimiting("few");
        application.MapGet("/forgery/token", static (HttpContext context, IAntiforgery antiforgery) =>
            new { token = antiforgery.GetAndStoreTokens(context).RequestToken?.Length > 100 });
        application.MapGet("/forgery/form", static (HttpContext context, IAntiforgery antiforgery) =>
        {
            var tokens = antiforgery.GetAndStoreTokens(context);
            return Results.Content($"<input name=\"{tokens.FormFieldName}\" type=\"hidden\" value=\"{tokens.RequestToken}\">", "text/html");
        });
        application.MapPost("/forgery/form", static ([Microsoft.AspNetCore.Mvc.FromForm] string name) => $"posted {name}");
    }
}
