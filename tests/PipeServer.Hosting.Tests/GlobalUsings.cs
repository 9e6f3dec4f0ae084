global using Microsoft.Extensions.DependencyInjection;
global using Microsoft.Extensions.Hosting;
global using PipeServer.Hosting.Tests.Support;
global using PipeServer.Tests.Support;
global using Xunit;
